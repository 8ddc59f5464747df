r"""Lines of the user's own making: `{path}\t{labels}`.

The names in braces are looked up in `FIELDS` and nowhere else: a format reaches no attribute.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..printable import printable, printable_text
from .moments import taken_text
from .phrases import camera_of, exposure_text, labels_of, objects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ...db.records import PhotoRecord


class FormatError(Exception):
    """A format that means nothing; `position` counts characters from 0."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names)


def _place(photo: PhotoRecord, kind: str) -> str:
    return getattr(photo.metadata.place, kind, None) or ""


PATHS: Mapping[str, Callable[[PhotoRecord], bytes]] = {
    "path": lambda photo: photo.path,
    "name": lambda photo: os.path.basename(photo.path),
    "folder": lambda photo: os.path.dirname(photo.path),
}
FIELDS: Mapping[str, Callable[[PhotoRecord], str]] = {
    "labels": lambda photo: _names(labels_of(photo)),
    "objects": lambda photo: _names(objects_of(photo)),
    "keywords": lambda photo: _names(photo.keywords),
    "date": taken_text,
    "camera": camera_of,
    "lens": lambda photo: photo.metadata.lens or "",
    "iso": lambda photo: _number(photo.metadata.iso),
    "f": lambda photo: _number(photo.metadata.f_number),
    "focal": lambda photo: _number(photo.metadata.focal),
    "exposure": lambda photo: exposure_text(photo.metadata.exposure),
    "lat": lambda photo: _number(photo.metadata.latitude),
    "lon": lambda photo: _number(photo.metadata.longitude),
    "alt": lambda photo: _number(photo.metadata.altitude),
    "city": lambda photo: _place(photo, "city"),
    "region": lambda photo: _place(photo, "region"),
    "country": lambda photo: _place(photo, "country"),
    "rating": lambda photo: _number(photo.metadata.rating),
    "title": lambda photo: photo.metadata.title or "",
    "caption": lambda photo: photo.metadata.caption or "",
    "width": lambda photo: _number(photo.width),
    "height": lambda photo: _number(photo.height),
    "size": lambda photo: str(photo.size),
    "format": lambda photo: photo.format or "",
    "state": lambda photo: str(photo.state),
}
PLAIN = frozenset((*PATHS, "date", "width", "height", "size", "format", "state"))
ESCAPES = {"t": "\t", "n": "\n", "0": "\0", "\\": "\\"}
_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<field>[^{}]*)\}|\\(?P<escape>.)|(?P<stray>[{}\\])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LineFormat:
    """A parsed format: texts, and names of fields between them."""

    parts: tuple[tuple[str, str], ...]

    @property
    def needs_details(self) -> bool:
        """Whether a photo's plain row is not enough for it."""
        return any(field and field not in PLAIN for _, field in self.parts)

    def render(self, photo: PhotoRecord, *, for_people: bool = False) -> bytes:
        """Fill in a photo: exact bytes of paths, or what a terminal can show.

        Other fields never hold a line break or a tab.
        """
        return b"".join(self._render(photo, for_people))

    def _render(self, photo: PhotoRecord, for_people: bool) -> Iterator[bytes]:
        for text, field in self.parts:
            yield text.encode("utf-8", "surrogateescape")
            if field in PATHS:
                path = PATHS[field](photo)
                yield printable(path).encode() if for_people else path
            elif field:
                yield printable_text(FIELDS[field](photo)).encode()


def parse_format(text: str) -> LineFormat:
    r"""Read a format: fields in braces, `\t`, `\n`, `\0`, `\\`, and `{{`, `}}` for braces.

    Raises FormatError for an unknown field, with near ones, and for what is not closed.

    >>> parse_format(r"{name}\t{{{f}}}").parts
    (('', 'name'), ('\t{', 'f'), ('}', ''))
    """
    parts, literal, last = [], "", 0
    for found in _TOKEN.finditer(text):
        literal += text[last : found.start()]
        last = found.end()
        if found["field"] is not None:
            parts.append((literal, _known_field(found["field"].strip(), found.start())))
            literal = ""
        elif found["escape"] is not None:
            literal += _escaped(found["escape"], found.start())
        elif found["stray"]:
            _refuse(found["stray"], found.start())
        else:
            literal += found[0][0]
    return LineFormat((*parts, (literal + text[last:], "")))


def _known_field(name: str, position: int) -> str:
    known = (*PATHS, *FIELDS)
    if name in known:
        return name
    near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise FormatError(position, f"no field is called {name!r}; {hint}")


def _escaped(letter: str, position: int) -> str:
    if letter not in ESCAPES:
        raise FormatError(position, f"\\{letter} has no meaning; there are \\t, \\n, \\0 and \\\\")
    return ESCAPES[letter]


def _refuse(sign: str, position: int) -> None:
    if sign == "\\":
        raise FormatError(position, "a \\ at the end has no meaning; \\\\ is the sign itself")
    other = "closed" if sign == "{" else "opened"
    raise FormatError(
        position, f"this brace is never {other}; write {sign * 2} for the sign itself"
    )
