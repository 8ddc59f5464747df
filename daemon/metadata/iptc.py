"""Text in IPTC's older form: the data sets of an IIM stream, bare or in Photoshop resources.

Standards: IPTC IIM 4.2; Adobe Photoshop File Formats, "Image Resource Blocks". Broken data gives
what can be read before the break; nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURES = (b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa")
_IIM_RESOURCE = 0x0404
_CHARACTER_SET = (1, 90)
_UTF8 = b"\x1b%G"
_MAX_DATA_SETS = 100_000

TITLE, HEADLINE, CAPTION = (2, 5), (2, 105), (2, 120)
KEYWORD, DATE, TIME = (2, 25), (2, 55), (2, 60)
_READ = (TITLE, KEYWORD, DATE, TIME, HEADLINE, CAPTION)

Texts = Mapping[tuple[int, int], list[str]]


def read_iptc(data: bytes) -> Texts:
    """Return the texts of an IIM stream or of Photoshop resources that hold one, by number."""
    streams = _streams(data) if data[:4] in _SIGNATURES else (data,)
    texts: dict[tuple[int, int], list[str]] = {number: [] for number in _READ}
    for stream in streams:
        for number, text in _texts(stream):
            texts[number].append(text)
    return texts


def _streams(data: bytes) -> Iterator[bytes]:
    """Yield the IIM streams among the resources: signature, number, padded name, size, data."""
    at = 0
    while data[at : at + 4] in _SIGNATURES:
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name_size = (data[at + 6] if len(data) > at + 6 else 0) + 1
        at += 6 + name_size + name_size % 2
        size = int.from_bytes(data[at : at + 4], "big")
        if number == _IIM_RESOURCE:
            yield data[at + 4 : at + 4 + size]
        at += 4 + size + size % 2


def _texts(stream: bytes) -> list[tuple[tuple[int, int], str]]:
    is_utf8 = False
    found = []
    for number, value in islice(_data_sets(stream), _MAX_DATA_SETS):
        if number == _CHARACTER_SET:
            is_utf8 = value == _UTF8
        elif number in _READ:
            found.append((number, value))
    return [(number, _decode(value, is_utf8=is_utf8)) for number, value in found]


def _data_sets(stream: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield (record, number) and value of each data set; a long one has its size's size first."""
    at = 0
    while stream[at : at + 1] == b"\x1c" and at + 5 <= len(stream):
        number = stream[at + 1], stream[at + 2]
        size = int.from_bytes(stream[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:
            size_length = size & 0x7FFF
            if size_length > 8:  # no stream is that long
                return
            size = int.from_bytes(stream[at : at + size_length], "big")
            at += size_length
        yield number, stream[at : at + size]
        at += size


def _decode(value: bytes, *, is_utf8: bool) -> str:
    if is_utf8:
        return value.decode("utf-8", "ignore")
    for encoding in ("utf-8", "cp1252"):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")
