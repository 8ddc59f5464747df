"""What is said between the daemon and the process that writes tags: one JSON line a message.

A write takes two steps. ``Draft`` makes the new content in memory and proves it; its answer is put
into the catalog's ledger as an intention; only then ``Commit`` touches the disk. After a crash
``Recover`` finds out how far it came.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ...db.records import FileEntry, TagFile
from ...models.results import Box

if TYPE_CHECKING:
    from collections.abc import Callable

EXIF = "exif"
SIDECAR = "sidecar"


@dataclass(frozen=True, slots=True)
class NamedBox:
    """A box for a sidecar, relative to the upright picture."""

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class TagPlan:
    """The tags that a photo should carry: flat ones best first, paths from general to specific."""

    flat: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    boxes: tuple[NamedBox, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """To the scribe: work out what one file of a photo should become, and hold it.

    ``target`` is `exif` or `sidecar`; no ``plan`` means that everything of ours is to go. ``files``
    and ``intents`` are the photo's rows of the ledger, ``format`` is the catalog's name of the
    photo's. With ``again`` tags that the owner took out are added once more. ``version`` is that of
    the photo whose analysis the plan comes from; None: any will do.
    """

    id: int
    path: bytes
    root: bytes
    format: str
    target: str
    plan: TagPlan | None
    files: tuple[TagFile, ...] = ()
    intents: tuple[TagFile, ...] = ()
    models: tuple[str, ...] = ()
    again: bool = False
    version: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """To the scribe: the ledger knows of it; do it."""

    id: int


@dataclass(frozen=True, slots=True)
class Forget:
    """To the scribe: do not do it."""

    id: int


@dataclass(frozen=True, slots=True)
class Recover:
    """To the scribe: say how far this write came, which was intended when a process ended.

    If another program writes below the same ``root``, the write may be its own: nothing is done.
    """

    id: int
    path: bytes
    root: bytes
    intent: TagFile


@dataclass(frozen=True, slots=True)
class Drafted:
    """From the scribe: what committing would do, and the ledger's row for it.

    ``is_change`` is False where the file already is as it should be. ``added`` and ``dropped`` are
    the tags that would come and go.
    """

    id: int
    is_change: bool
    file: TagFile
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """From the scribe: the file stays as it is.

    ``kind``: `refused` for good, or ``for_now`` where it lies, `busy` for now (``seconds``: how
    long at least), `gone`, `locked` when another program writes tags below that root.
    """

    id: int
    kind: str
    reason: str
    seconds: float = 0.0
    for_now: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """From the scribe: it is done.

    ``entry`` is the photo as it is now, if it was replaced, ``sidecars`` the version of its
    sidecars before and after, if one was written.
    """

    id: int
    file: TagFile
    entry: FileEntry | None
    sidecars: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """From the scribe: whether the intended write has happened, None if the file does not tell.

    ``kept`` are files left to look at. Where ``entry`` is given the photo itself was replaced.
    """

    id: int
    is_written: bool | None
    entry: FileEntry | None
    kept: tuple[bytes, ...] = ()


Order = Draft | Commit | Forget | Recover
Answer = Drafted | Declined | Committed | Recovered

_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Draft, Commit, Forget, Recover, Drafted, Declined, Committed, Recovered)
}


def encode(message: Order | Answer) -> bytes:
    """Write a message as one line."""
    return json.dumps([type(message).__name__, asdict(message)], default=_wrap).encode() + b"\n"


def decode(line: bytes) -> Any:
    """Read a message. Raises ValueError, KeyError or TypeError if it is nonsense."""
    name, fields = json.loads(line, object_hook=_unwrap)
    return _KINDS[name](**{key: _rebuild(key, value) for key, value in fields.items()})


def _rebuild(key: str, value: Any) -> Any:
    """Make a value of the right class from what JSON has left of it."""
    if value is None or not isinstance(value, dict | list):
        return value
    build = _BUILDERS.get(key, tuple)
    return build(value)


def _plan(fields: dict[str, Any]) -> TagPlan:
    return TagPlan(
        flat=tuple(fields["flat"]),
        paths=tuple(tuple(path) for path in fields["paths"]),
        boxes=tuple(
            NamedBox(box["name"], box["confidence"], Box(**box["box"])) for box in fields["boxes"]
        ),
    )


def _tag_file(fields: dict[str, Any]) -> TagFile:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return TagFile(**values)


def _tag_files(rows: list[dict[str, Any]]) -> tuple[TagFile, ...]:
    return tuple(map(_tag_file, rows))


_BUILDERS: dict[str, Callable[[Any], Any]] = {
    "plan": _plan,
    "file": _tag_file,
    "intent": _tag_file,
    "files": _tag_files,
    "intents": _tag_files,
    "entry": FileEntry._make,
}


def _wrap(value: Any) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _unwrap(fields: dict[str, Any]) -> Any:
    return base64.b64decode(fields["base64"]) if set(fields) == {"base64"} else fields
