"""Files come whole and right or not at all, whatever the server and the line do."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest
from file_server import serve

from phototagd.models.download import ATTEMPTS, Wanted, fetch
from phototagd.models.errors import DownloadError

BYTES = bytes(range(256)) * 4000
SIZE = len(BYTES)
SUM = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def line():
    with serve(BYTES) as line:
        yield line


@pytest.fixture
def get(line, tmp_path):
    """Fetch the file; returns its path. Pauses are noted, not made."""

    def get(size=SIZE, expected=SUM, url="", progress=lambda *_: None):
        target = tmp_path / "new" / "model.onnx"
        wanted = Wanted(url or line.url, target, size, expected, expected.__eq__)
        fetch(wanted, progress, pauses.append)
        return target

    pauses = []
    get.pauses = pauses
    return get


def left_behind(path):
    return sorted(entry.name for entry in path.iterdir()) if path.exists() else []


def test_a_file_comes_whole_and_nothing_else_is_left(line, get):
    steps = []
    path = get(progress=lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == BYTES
    assert left_behind(path.parent) == ["model.onnx"]
    assert steps[-1] == (len(BYTES), len(BYTES))
    assert steps == sorted(steps)
    assert len(line.asked) == 1


def test_a_cut_transfer_goes_on_where_it_was_cut(line, get):
    line.cuts = [300_000, 200_000]
    assert get().read_bytes() == BYTES
    assert line.asked == [("", ""), ("bytes=300000-", '"one"'), ("bytes=500000-", '"one"')]
    assert get.pauses == [1.0, 2.0]


def test_a_later_call_goes_on_where_the_last_gave_up(line, get, tmp_path):
    line.cuts = [1000] * ATTEMPTS
    with pytest.raises(DownloadError, match=f"cut {ATTEMPTS} times"):
        get()
    assert left_behind(tmp_path / "new") == ["model.onnx.part", "model.onnx.part.validator"]
    line.asked.clear()
    assert get().read_bytes() == BYTES
    assert line.asked == [(f"bytes={ATTEMPTS * 1000}-", '"one"')]


def test_a_server_without_ranges_is_asked_for_the_whole_again(line, get):
    line.cuts, line.ranges = [300_000], False
    assert get().read_bytes() == BYTES


def test_a_file_that_changed_meanwhile_is_not_mixed(line, get):
    line.cuts, line.body = [1000] * ATTEMPTS, b"old" * 333_334
    with pytest.raises(DownloadError):
        get(size=0, expected="x")
    line.cuts, line.body, line.tag = [], BYTES, '"two"'
    assert get().read_bytes() == BYTES


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_proof_that_it_is_the_same_file_it_is_fetched_anew(line, get, tag):
    line.cuts, line.tag = [300_000], tag
    assert get().read_bytes() == BYTES
    assert [wanted for wanted, _ in line.asked] == ["", ""]


def test_a_wrong_sum_is_an_error_that_leaves_nothing(line, get, tmp_path):
    line.body = BYTES[:-1] + b"x"
    with pytest.raises(DownloadError, match=f"its sha256 is .*, expected {SUM}"):
        get()
    assert left_behind(tmp_path / "new") == []


def test_a_wrong_size_is_told_before_anything_is_fetched(line, get, tmp_path):
    with pytest.raises(DownloadError, match=f"has {len(BYTES)} bytes, not 77"):
        get(size=77)
    assert left_behind(tmp_path / "new") == []
    assert line.asked == [("", "")]


def test_a_server_that_does_not_stop_is_stopped(line, get):
    line.length = False
    with pytest.raises(DownloadError, match="sends more than 500000 bytes"):
        get(size=500_000)


def test_an_end_without_a_length_is_known_by_the_size(line, get):
    line.length, line.cuts = False, [300_000]
    assert get().read_bytes() == BYTES
    assert len(line.asked) == 2


def test_a_busy_server_is_asked_again(line, get):
    line.statuses = [503, 429, 200]
    assert get().read_bytes() == BYTES


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_final(line, get, status):
    line.statuses = [status]
    with pytest.raises(DownloadError, match=f"answered {status}"):
        get()
    assert len(line.asked) == 1


def test_a_range_beyond_the_end_begins_anew(line, get):
    line.cuts = [300_000]
    line.statuses = [200, 416, 200]
    assert get().read_bytes() == BYTES
    assert [wanted for wanted, _ in line.asked] == ["", "bytes=300000-", ""]


def test_a_redirect_within_this_machine_is_followed(line, get):
    line.leads_to = line.url.replace("/file", "/other")
    assert get().read_bytes() == BYTES


@pytest.mark.parametrize(
    "place",
    [
        "http://example.org/file",
        "ftp://127.0.0.1/file",
        "file:///etc/passwd",
        "http://127.0.0.1.example.org/file",
        "http://127.0.0.1@example.org/",
    ],
)
def test_a_redirect_to_anything_but_https_is_refused(line, get, place):
    line.leads_to = place
    with pytest.raises(DownloadError, match="not HTTPS"):
        get()
    assert len(line.asked) == 1


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of this machine that vouches for itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", path.with_name("key.pem"), "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
    with path.open("ab") as both:
        both.write(path.with_name("key.pem").read_bytes())
    return path


def test_over_https_a_server_that_nobody_vouches_for_is_refused(get, certificate):
    with (
        serve(BYTES, certificate) as line,
        pytest.raises(DownloadError, match="certificate verify failed"),
    ):
        get(url=line.url)
    assert line.asked == []
    assert get.pauses == []


def test_over_https_a_cut_transfer_goes_on_too(get, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve(BYTES, certificate) as line:
        line.cuts = [300_000]
        assert get(url=line.url).read_bytes() == BYTES
        assert len(line.asked) == 2


def test_https_never_leads_to_http_not_even_on_this_machine(get, line, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve(BYTES, certificate) as safe:
        safe.leads_to = line.url
        with pytest.raises(DownloadError, match="not HTTPS"):
            get(url=safe.url)
    assert line.asked == []


def test_nobody_there_is_an_error_after_some_attempts(get):
    with pytest.raises(DownloadError, match="refused"):
        get(url="http://127.0.0.1:9/file")  # the discard port: nothing listens
    assert len(get.pauses) == ATTEMPTS - 1


def test_a_full_disk_is_told_before_it_is_full(line, get):
    with pytest.raises(DownloadError, match=f"{1 << 60} bytes are needed in"):
        get(size=1 << 60)
    assert line.asked == []


def test_a_disk_that_fills_up_meanwhile_is_an_error_that_says_so(get, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "model.onnx.part").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match=r"model\.onnx\.part: No space left"):
        get()
