"""Taking single files out of a zip or tar file: by name, within limits, nothing else."""

from __future__ import annotations

import hashlib
import lzma
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1 << 18
LARGEST = 8 << 30  # bytes of a member whose size nobody wrote down


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip or tar file, by its content."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def extract(archive: Path, member: str, target: Path, most: int = 0) -> str:
    """Write one member to `target` and return its sha256; raises `ModelError`.

    The member is found by its full name, else by its last part if only one has that. The names in
    the archive never decide where anything is written. `most`: bytes, 0 for not known.
    """
    try:
        with _open(archive, member) as source:
            return write(source, target, most or LARGEST)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise ModelError(f"the archive is damaged: {error}", path=str(archive)) from error
    except RuntimeError as error:  # zipfile's for a password, or a compression unknown here
        raise ModelError(f"the archive cannot be read: {error}", path=str(archive)) from error


def write(source: IO[bytes], target: Path, most: int) -> str:
    """Copy a stream into a file and return its sha256; `ModelError` past `most` bytes."""
    digest, done = hashlib.sha256(), 0
    with target.open("wb") as stream:
        while chunk := source.read(CHUNK):
            done += len(chunk)
            if done > most:
                raise ModelError(f"it holds more than {most} bytes", path=target.name)
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest()


@contextmanager
def _open(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            names = [info.filename for info in zipped.infolist() if not info.is_dir()]
            with zipped.open(_choose(archive, names, member)) as stream:
                yield stream
        return
    with tarfile.open(archive) as tarred:
        entries = {entry.name: entry for entry in tarred.getmembers() if entry.isreg()}
        found = tarred.extractfile(entries[_choose(archive, list(entries), member)])
        if found is None:
            raise ModelError(f"{member} is no file in it", path=str(archive))
        with found as stream:
            yield stream


def _choose(archive: Path, names: list[str], member: str) -> str:
    wishes: tuple[Callable[[str], bool], ...] = (
        lambda name: name.removeprefix("./") == member,
        lambda name: name.rpartition("/")[2] == member.rpartition("/")[2],
    )
    for is_wished in wishes:
        found = [name for name in names if is_wished(name)]
        if len(found) == 1:
            return found[0]
    raise ModelError(f"there is no single file {member} in it", path=str(archive))
