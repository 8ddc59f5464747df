"""XML as a tree that knows where its elements stand in the bytes; parsed with limits.

What is added or taken out is spliced into the bytes as they are, so everything else stays as its
author wrote it: prefixes, order, line ends, comments, byte order mark. Namespaces are resolved
here and not by expat, which would copy a long name to every element. Standard: W3C XML 1.0 and
Namespaces in XML 1.0.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_BYTES = 4 << 20
MAX_DEPTH = 64
MAX_ELEMENTS = 30_000
MAX_DECLARATIONS = 1_000

Name = tuple[str, str]  # namespace, local name

_WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TAG = re.compile(rb"<(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>")
_BLANKS = b" \t\r\n"
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(slots=True)
class Element:
    """One element: ``start`` is where its tag begins, ``close`` where its end tag does.

    An element without an end tag (``<a/>``) has ``close`` behind its tag.
    """

    name: Name
    prefix: str
    attributes: dict[Name, str]
    scope: Mapping[str, str]
    start: int
    close: int = 0
    pieces: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The characters directly inside."""
        return "".join(self.pieces)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, in the order of the document."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that takes the place of the bytes from ``start`` to ``end``."""

    start: int
    end: int
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes in UTF-8 and the tree that they hold; ``encoding`` is what they were in."""

    data: bytes
    root: Element
    encoding: str

    def tag_end(self, element: Element) -> int:
        """Return the place behind an element's (start) tag."""
        found = _TAG.match(self.data, element.start)
        if found is None:
            raise Refused("the sidecar's XML cannot be followed")
        return found.end()

    def is_closed_at_once(self, element: Element) -> bool:
        """Tell whether an element is written as ``<a/>``."""
        return self.data[self.tag_end(element) - 2] == ord("/")

    def end(self, element: Element) -> int:
        """Return the place behind an element."""
        if self.is_closed_at_once(element):
            return element.close
        return self.data.index(b">", element.close) + 1

    def lead(self, element: Element) -> bytes:
        """Return the white space before an element."""
        start = element.start
        while start and self.data[start - 1] in _BLANKS:
            start -= 1
        return self.data[start : element.start]

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Return the bytes with edits that do not overlap."""
        pieces, at = [], 0
        for edit in sorted(edits, key=lambda edit: edit.start):
            if edit.start < at:
                raise Refused("the sidecar's lists overlap")
            pieces += [self.data[at : edit.start], edit.text]
            at = edit.end
        return b"".join([*pieces, self.data[at:]])


def parse(data: bytes) -> Document:
    """Read XML without entities of its own; raises Refused where it is broken or over a limit."""
    if len(data) > MAX_BYTES:
        raise Refused(f"its XML is larger than {MAX_BYTES >> 20} MiB")
    text, encoding = _to_utf8(data)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Refused("its XML declares entities, which are not followed")
    builder = _Builder(encoding)
    try:
        builder.parser.Parse(text, True)
    except (expat.ExpatError, ValueError) as error:
        raise Refused(f"its XML is broken: {error}") from None
    if builder.root is None:
        raise Refused("its XML is empty")
    return Document(text, builder.root, builder.encoding)


def _to_utf8(data: bytes) -> tuple[bytes, str]:
    """Return the same text in UTF-8, and the name of the encoding that it was in."""
    encoding = next((name for mark, name in _WIDE if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("it is not text in UTF-8") from None
    return (data if encoding == "utf-8" else text.encode()), encoding


class _Builder:
    """Takes expat's events and makes the tree."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.root: Element | None = None
        self._open: list[Element] = []
        self._elements = 0
        self._declarations = 0
        self.parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._characters

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and self.encoding == "utf-8":
            self.encoding = encoding.lower()

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(attributes) > MAX_DECLARATIONS:
            raise Refused("its XML has too many elements")
        if len(self._open) >= MAX_DEPTH:
            raise Refused(f"its XML is nested deeper than {MAX_DEPTH} elements")
        scope = self._scope(attributes)
        prefix = tag.rpartition(":")[0]
        named = {
            _resolve(name, scope, is_attribute=True): value
            for name, value in attributes.items()
            if name != "xmlns" and not name.startswith("xmlns:")
        }
        name = _resolve(tag, scope, is_attribute=False)
        element = Element(name, prefix, named, scope, self.parser.CurrentByteIndex)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _scope(self, attributes: dict[str, str]) -> Mapping[str, str]:
        """Return which prefix means which namespace inside an element."""
        around = self._open[-1].scope if self._open else {"xml": _XML, "": ""}
        inner = {
            name.partition(":")[2]: value
            for name, value in attributes.items()
            if name == "xmlns" or name.startswith("xmlns:")
        }
        self._declarations += len(inner)
        if self._declarations > MAX_DECLARATIONS:
            raise Refused("its XML declares too many namespaces")
        return {**around, **inner} if inner else around

    def _ended(self, _tag: str) -> None:
        self._open.pop().close = self.parser.CurrentByteIndex

    def _characters(self, text: str) -> None:
        self._open[-1].pieces.append(text)


def _resolve(name: str, scope: Mapping[str, str], *, is_attribute: bool) -> Name:
    prefix, _, local = name.rpartition(":")
    if is_attribute and not prefix:
        return "", local
    if prefix not in scope:
        raise Refused(f"its XML uses the undeclared prefix {prefix[:40]}")
    return scope[prefix], local
