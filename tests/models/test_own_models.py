"""Published models run by their manifests alone: small networks with their names, answers by hand.

The weights themselves cannot be had everywhere. So each test builds the files (or the archive) that
are published, with the same names, inputs and outputs, and takes the whole way from there: install,
load, prepare, run, read.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from tiny_networks import CAFFE_SSD, caffe_weights, onnx_grid_head, tensorflow_classifier

from phototagd.models import opencv_runtime
from phototagd.models.analyzer import load_analyzer
from phototagd.models.errors import ModelError
from phototagd.models.install import install_from
from phototagd.models.manifest import find_manifests
from phototagd.models.settings import ModelSettings, model_versions
from phototagd.models.store import Weights, WeightsStore, with_labels
from phototagd.models.taxonomy import load_taxonomy

BUILTIN = Path(find_manifests()["inception5h"].path).parent
INCEPTION_FILES = ("tensorflow_inception_graph.pb", "imagenet_comp_graph_label_strings.txt")
SSD_FOLDER = "models/VGGNet/coco/SSD_300x300"
SSD_FILES = ("VGG_coco_SSD_300x300_iter_400000.caffemodel", "deploy.prototxt")


def with_sums(folder, name, files):
    """Write a built-in manifest anew with the sums and sizes of other files, nothing else."""
    manifest = find_manifests()[name]
    text = Path(manifest.path).read_text("utf-8").partition("[[selftest]]")[0]
    for file in manifest.files:
        data = files[file.path]
        text = text.replace(file.sha256 or "-", hashlib.sha256(data).hexdigest())
        text = text.replace(f"bytes = {file.size}\n", f"bytes = {len(data)}\n")
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return find_manifests(folder)[name]


def settings_of(folder, name, engine="auto"):
    """Return settings for one model whose manifest and weights lie in the folder."""
    classifier = find_manifests(folder)[name].kind == "classifier"
    return ModelSettings(
        classifier=name if classifier else "",
        detectors=() if classifier else (name,),
        engine=engine,
        precision="f32",
        weights_directory=folder,
        manifest_directories=(folder,),
    )


# --- inception5h ------------------------------------------------------------------------------

NAMES = ["dummy", "kit fox", "English setter", "Siberian husky", *(f"n{i}" for i in range(4, 1001))]


@pytest.fixture
def inception(tmp_path):
    """An archive as published: a graph with `input` and `softmax2` of 1008 classes, and its names.

    The logits are 0.1 red for the husky, 0.1 green for the setter, 0.1 blue for the fox.
    """
    weights = np.zeros((3, 1008))
    weights[0, 3] = weights[1, 2] = weights[2, 1] = 0.1
    graph = tensorflow_classifier(224, weights, np.zeros(1008))
    files = dict(
        zip(INCEPTION_FILES, (graph, "\n".join([*NAMES, ""]).encode()), strict=True), LICENSE=b"x"
    )
    with_sums(tmp_path, "inception5h", files)
    with zipfile.ZipFile(tmp_path / "inception5h.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    manifest = find_manifests(tmp_path)["inception5h"]
    install_from(manifest, WeightsStore(tmp_path, None), tmp_path / "inception5h.zip")
    return settings_of(tmp_path, "inception5h")


def softmax(*logits):
    powers = [math.exp(value) for value in logits] + [1.0] * (1008 - len(logits))
    return [power / sum(powers) for power in powers[: len(logits)]]


def test_the_tutorials_classifier_sees_rgb_with_nothing_subtracted(inception):
    picture = np.full((300, 300, 3), (70, 60, 90), np.uint8)  # blue, green, red
    found = load_analyzer(inception, print).analyze(picture).labels
    assert [one.name for one in found] == ["Siberian husky", "kit fox", "English setter"]
    assert [one.confidence for one in found] == pytest.approx(softmax(9.0, 7.0, 6.0), rel=1e-4)


@pytest.mark.parametrize("shape", [(300, 600), (600, 300)])
def test_the_tutorials_classifier_sees_the_whole_photo_on_white(inception, shape):
    picture = np.full((*shape, 3), (0, 0, 100), np.uint8)
    found = load_analyzer(inception, print).analyze(picture).labels
    white = 255 / 2  # half of the square is not covered by the photo
    expected = softmax(0.1 * (50 + white), 0.1 * white, 0.1 * white)
    assert (found[0].name, found[0].confidence) == (
        "Siberian husky",
        pytest.approx(expected[0], rel=1e-3),
    )


def test_the_tutorials_names_are_those_of_its_archive_without_the_dummy(inception):
    analyzer = load_analyzer(inception, print)
    vocabulary = analyzer.vocabulary()
    assert len(vocabulary) == 1000
    assert "Siberian husky" in vocabulary
    assert "dummy" not in vocabulary
    assert analyzer.models == model_versions(inception)


def test_one_word_for_two_of_the_tutorials_classes_becomes_two_names(inception):
    manifest = find_manifests(*inception.manifest_directories)["inception5h"]
    labels = inception.weights_directory / "inception5h" / INCEPTION_FILES[1]
    labels.write_text("dummy\ncrane\nkite\ncrane\ncrane\n", encoding="utf-8")
    names = with_labels(manifest, Weights({"labels": labels}, {})).labels.names
    assert names == ("", "crane bird", "kite (bird of prey)", "construction crane", "crane")


def test_the_tutorials_doubtful_words_mean_names_of_the_taxonomy():
    meant = dict(find_manifests()["inception5h"].labels.meant)
    taxonomy = load_taxonomy()
    assert all(taxonomy.canonical(name) == name for names in meant.values() for name in names)
    assert all(word not in names for word, names in meant.items())


def test_the_tutorials_cut_of_five_percent_is_the_threshold():
    assert find_manifests()["inception5h"].thresholds.normal == 0.05


def test_the_published_archive_is_known_by_its_sums():
    manifest = find_manifests()["inception5h"]
    assert tuple(file.member for file in manifest.files) == INCEPTION_FILES
    assert manifest.source.archive.url.endswith("/inception5h.zip")
    assert all(file.sha256 for file in (*manifest.files, manifest.source.archive))


# --- ssd-vgg-coco-300 -------------------------------------------------------------------------


def ssd_bytes():
    """A Caffe SSD of four cells, a prior of 120 pixels in each.

    The logit of class 3 is 0.1 (blue - 104), of class 17 0.1 (red - 123), of the background 5. The
    boxes are moved right by a quarter and down by an eighth of their size and are twice as high.
    """
    conf = np.zeros((81, 3))
    conf[3, 0] = conf[17, 2] = 0.1
    bias = np.zeros(81)
    bias[0] = 5
    loc = np.array([0.25 / 0.1, 0.125 / 0.1, 0, math.log(2) / 0.2])
    weights = caffe_weights(loc=(np.zeros((4, 3)), loc), conf=(conf, bias))
    return dict(zip(SSD_FILES, (weights, CAFFE_SSD.encode()), strict=True))


@pytest.fixture
def ssd(tmp_path):
    """The archive as published, installed by the manifest as it is."""
    path = tmp_path / "models_VGGNet_coco_SSD_300x300.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in ssd_bytes().items():
            entry = tarfile.TarInfo(f"{SSD_FOLDER}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    install_from(find_manifests()["ssd-vgg-coco-300"], WeightsStore(tmp_path, None), path)
    return settings_of(tmp_path, "ssd-vgg-coco-300")


def test_the_tutorials_detector_gives_names_and_boxes(ssd):
    picture = np.full((600, 600, 3), (104, 117, 123), np.uint8)  # its mean: nothing is there
    picture[:300, :300, 0] = 204
    picture[300:, 300:, 2] = 223
    found = load_analyzer(ssd, print).analyze(picture).detections
    sure = math.exp(10) / (math.exp(10) + math.exp(5) + 79)
    assert [one.confidence for one in found] == pytest.approx([sure, sure], rel=1e-4)
    boxes = {one.name: one.box for one in found}
    assert sorted(boxes) == ["car", "dog"]  # COCO's third and, with the gaps left out, seventeenth
    # cells of 150 pixels: the centre is moved by 30 and 15 pixels, the size is 120 x 240
    car = [(75 + 30 - 60) / 300, 0, (75 + 30 + 60) / 300, (75 + 15 + 120) / 300]
    dog = [(225 + 30 - 60) / 300, (225 + 15 - 120) / 300, 1, 1]
    assert sides(boxes["car"]) == pytest.approx(car, abs=1e-5)
    assert sides(boxes["dog"]) == pytest.approx(dog, abs=1e-5)


def sides(box):
    return [box.left, box.top, box.right, box.bottom]


def test_an_opencv_without_caffe_says_what_to_install(ssd, monkeypatch):
    without = SimpleNamespace(__version__="5.0.0", dnn=SimpleNamespace(), error=cv2.error)
    monkeypatch.setattr(opencv_runtime, "cv2", without)
    with pytest.raises(ModelError) as caught:
        load_analyzer(ssd, print)
    assert "ssd-vgg-coco-300 is a Caffe model, which OpenCV 5.0.0 cannot read" in str(caught.value)
    assert " install 'opencv-python-headless<5'" in str(caught.value)


# --- YOLOX ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["openvino", "opencv"])
def test_a_yolox_head_is_decoded_on_both_engines(tmp_path, engine):
    """Objectness is (blue - 114) / 100, the class is 2, the boxes are 3 strides wide and high."""
    pytest.importorskip(engine if engine == "openvino" else "cv2")
    weights, bias = np.zeros((85, 3)), np.zeros(85)
    weights[4, 0], bias[4] = 0.01, -1.14
    bias[:2], bias[2:4], bias[5 + 2] = 0.5, math.log(3), 1
    (tmp_path / "yolox-nano-coco").mkdir()
    files = {"yolox_nano.onnx": onnx_grid_head(416, weights, bias)}
    with_sums(tmp_path, "yolox-nano-coco", files)
    (tmp_path / "yolox-nano-coco" / "yolox_nano.onnx").write_bytes(files["yolox_nano.onnx"])
    picture = np.full((208, 416, 3), 114, np.uint8)
    picture[40:48, 80:88, 0] = 204  # one cell of the finest grid, a quarter of one of the next
    found = load_analyzer(settings_of(tmp_path, "yolox-nano-coco", engine), print).analyze(picture)
    fine, coarse = found.detections
    assert (fine.name, coarse.name) == ("car", "car")
    assert [fine.confidence, coarse.confidence] == pytest.approx([0.9, 0.225], abs=1e-4)
    # centres (84, 44) and (88, 40), sides 24 and 48, in pixels of the photo at the input's scale
    assert sides(fine.box) == pytest.approx([72 / 416, 32 / 208, 96 / 416, 56 / 208], abs=1e-5)
    assert sides(coarse.box) == pytest.approx([64 / 416, 16 / 208, 112 / 416, 64 / 208], abs=1e-5)


BESIDE = Path(__file__).parents[3] / "shared" / "models" / "yolox_nano.onnx"
YOLOX = Path(os.environ.get("PHOTOTAG_TEST_YOLOX", BESIDE))


@pytest.mark.skipif(not YOLOX.is_file(), reason="PHOTOTAG_TEST_YOLOX names no yolox_nano.onnx")
@pytest.mark.parametrize("engine", ["openvino", "opencv"])
def test_the_real_yolox_finds_what_the_photos_show(tmp_path, photo, engine):
    install_from(find_manifests()["yolox-nano-coco"], WeightsStore(tmp_path, None), YOLOX)
    analyzer = load_analyzer(settings_of(tmp_path, "yolox-nano-coco", engine), print)
    analyzer.self_test()
    for picture, name in (
        ("chelsea.png", "cat"),
        ("coffee.png", "cup"),
        ("astronaut.png", "person"),
        ("motorcycle_left.png", "motorcycle"),
    ):
        assert analyzer.analyze(photo(picture)).detections[0].name == name


def test_two_detectors_keep_what_each_of_them_says(photo, ssd):
    both = replace(ssd, detectors=("ssd-mobilenet-v2-coco", "ssd-vgg-coco-300"), engine="opencv")
    analyzer = load_analyzer(both, print)
    found = analyzer.analyze(photo("coffee.png"))
    alone = load_analyzer(replace(both, detectors=both.detectors[:1]), print)
    assert [version.name for version in found.models] == list(both.detectors)
    first = tuple(one for one in found.detections if one.model == "ssd-mobilenet-v2-coco")
    assert first == alone.analyze(photo("coffee.png")).detections
    assert len(first) < len(found.detections)
