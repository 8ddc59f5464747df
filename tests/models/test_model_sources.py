"""What manifests say of files, archives, labels and layouts is read strictly."""

from __future__ import annotations

from importlib.resources import files

import pytest

from phototagd.models.errors import ManifestError, WeightsError
from phototagd.models.manifest import find_manifests, is_safe_url, load_manifest
from phototagd.models.store import Weights, WeightsStore, with_labels

BUILTIN = files("phototagd.models") / "manifests"
INCEPTION = (BUILTIN / "inception5h.toml").read_text("utf-8")
YOLOX = (BUILTIN / "yolox-nano-coco.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "old", "new", "key"),
    [
        (YOLOX, 'url = "https://', 'url = "http://', "files[0].url"),
        (YOLOX, 'url = "https://github.com', 'url = "file://', "files[0].url"),
        (YOLOX, "bytes = 3660092", "", "files[0].twins[0].bytes"),
        (YOLOX, "695e750a", "zz5e750a", "files[0].twins[0].sha256"),
        (YOLOX, 'outputs = "yolox-grid"', 'outputs = "yolox"', "runtimes[0].outputs"),
        (YOLOX, 'outputs = "yolox-grid"', 'outputs = "yolov8"\nbox_units = "cm"',
         "runtimes[0].box_units"),
        (YOLOX, 'path = "yolox_nano.onnx"', 'path = "x"\nmirror = "y"', "files[0].mirror"),
        (INCEPTION, "https://storage", "ftp://storage", "source.archive.url"),
        (INCEPTION, "d13569f6", "zz3569f6", "source.archive.sha256"),
        (INCEPTION, 'member = "tensorflow_inception_graph.pb"', "", "files[0].member"),
        (INCEPTION, 'member = "tensorflow_inception_graph.pb"', 'url = "https://x/y"',
         "files[0].member"),
        (INCEPTION, 'labels_role = "labels"', 'labels_role = "names"', "labels_role"),
        (INCEPTION, 'labels_role = "labels"', 'labels_role = "labels"\nlabels = "x.txt"',
         "labels"),
        (INCEPTION, 'pot = ["plant pot"]', 'pot = "plant pot"', "labels_meant.pot"),
    ],
)  # fmt: skip
def test_a_wrong_source_is_refused_by_key(tmp_path, text, old, new, key):
    assert old in text
    path = tmp_path / "model.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a", True),
        ("http://127.0.0.1:8000/a", True),
        ("http://localhost/a", True),
        ("http://[::1]:80/a", True),
        ("http://example.org/a", False),
        ("http://127.0.0.1.example.org/a", False),
        ("http://localhost@example.org/a", False),
        ("http://localhost:80@example.org/a", False),
        ("HTTP://example.org", False),
        ("https:///a", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_files_come_over_https_or_from_this_machine(url, safe):
    assert is_safe_url(url) is safe


def test_every_download_has_a_sum_and_comes_over_https():
    for manifest in find_manifests().values():
        if manifest.source.kind == "url":
            for file in (*manifest.files, manifest.source.archive or manifest.files[0]):
                assert len(file.sha256) == 64
                assert (file.url or manifest.source.archive.url).startswith("https://")


def test_a_file_is_right_by_its_own_sum_or_a_twins():
    (file,) = load_manifest(BUILTIN / "yolox-nano-coco.toml").files
    assert file.accepts(file.sha256)
    assert file.accepts(file.twins[0].sha256)
    assert not file.accepts("0" * 64)
    assert [file.may_have_size(size) for size in (3659407, 3660092, 5)] == [True, True, False]


def test_a_file_without_a_known_sum_takes_any():
    weights, _ = find_manifests()["ssd-vgg-coco-300"].files
    assert weights.accepts("0" * 64)
    assert weights.may_have_size(5)


@pytest.mark.parametrize("data", [b"dummy\n\nfox\n", b"\xff\xfe"])
def test_a_labels_file_of_a_model_that_cannot_be_read_is_an_error_by_name(tmp_path, data):
    path = tmp_path / "names.txt"
    path.write_bytes(data)
    manifest = find_manifests()["inception5h"]
    with pytest.raises(WeightsError, match=r"inception5h: .*names\.txt: cannot be read as labels"):
        with_labels(manifest, Weights({"labels": path}, {}))


def test_absent_files_say_how_to_get_them(tmp_path):
    store = WeightsStore(tmp_path, None)
    for name, words in (
        ("yolox-nano-coco", r"phototag models install yolox-nano-coco`, or put it into .*https://"),
        ("inception5h", r"phototag models install inception5h`; it comes from https://"),
        ("ssd-vgg-coco-300", r"tar\.gz, .*phototag models install ssd-vgg-coco-300 --from FILE"),
    ):
        with pytest.raises(WeightsError, match=words):
            store.resolve(find_manifests()[name])
