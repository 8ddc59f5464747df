"""XMP sidecars: made new, or a foreign one with our items spliced in; and without us again.

Nothing here touches the disk. A result is proven by reading it again before it is returned.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...db.states import label_key
from .errors import Refused
from .xmp_edit import Share, add, cut, prove
from .xmp_fields import Packet, Region, read_packet, read_regions, unique
from .xmp_names import ADDED, HIERARCHY, RDF, SUBJECT, TAGS_LIST, Path
from .xmp_packet import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .xmp_packet import Document

__all__ = [
    "Region",
    "SidecarContent",
    "build",
    "is_bare",
    "merge",
    "open_loosely",
    "read",
    "remove_ours",
]

_SKELETON = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="phototagd">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
).encode()
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class SidecarContent:
    """What a sidecar says, or is to say.

    ``subjects`` are the owner's keywords and ours, ``added`` those of them that are ours.
    ``hierarchy`` holds paths from general to specific; a path whose last level is ours is ours.
    """

    subjects: tuple[str, ...] = ()
    hierarchy: tuple[Path, ...] = ()
    regions: tuple[Region, ...] = ()
    added: tuple[str, ...] = ()


def build(content: SidecarContent) -> bytes:
    """Return a new sidecar; the same content always gives the same bytes."""
    return merge(_SKELETON, content)


def merge(old: bytes, content: SidecarContent) -> bytes:
    """Return a sidecar with our former items replaced by those of ``content``.

    What others wrote stays where and as it is. Items that they have are not added and do not
    become ours. Raises Refused for a file that is no XMP in UTF-8, has a list in a form that XMP
    does not know, or cannot be proven to keep everything else.
    """
    bare = remove_ours(old)
    if bare is None:
        bare = old
    document, packet = _open(bare)
    share = _share(packet, content)
    if not share.added and not content.regions:
        return bare
    regions = [replace(r, name=_NOT_IN_XML.sub("", r.name)) for r in content.regions]
    new = add(document, packet, share, regions)
    prove(_open(old), _open(new))
    return new


def remove_ours(old: bytes) -> bytes | None:
    """Return a sidecar without anything of ours, or None if nothing in it is. Raises Refused.

    A list that we started goes with our items, unless somebody has added to it.
    """
    document, packet = _open(old)
    new = cut(document, packet)
    if new is not None:
        prove((document, packet), _open(new))
    return new


def read(data: bytes) -> SidecarContent:
    """Return what a sidecar or an XMP packet says, ours and theirs; what is broken is empty."""
    packet = open_loosely(data)
    if packet is None:
        return SidecarContent()
    paths = (
        path for kind in (HIERARCHY, TAGS_LIST) for path in packet.paths_of(kind, theirs=False)
    )
    return SidecarContent(
        subjects=tuple(path[-1] for path in packet.paths_of(SUBJECT, theirs=False)),
        hierarchy=tuple(dict.fromkeys(paths)),
        regions=read_regions(packet),
        added=packet.records.get(ADDED.name, ()),
    )


def open_loosely(data: bytes) -> Packet | None:
    """Return a sidecar or a packet for reading; what is broken is None."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.rstrip(b"\0")
    try:
        return read_packet(parse(data).root, is_strict=False)
    except Refused:
        return None


def is_bare(data: bytes) -> bool:
    """Tell whether a sidecar says nothing: what `remove_ours` leaves of one that was all ours."""
    return not _open(data)[1].rdf.children


def _open(data: bytes) -> tuple[Document, Packet]:
    """Parse a sidecar that is to be edited."""
    document = parse(data)
    if document.encoding not in ("utf-8", "utf8"):
        raise Refused("its text is not in UTF-8")
    return document, read_packet(document.root, is_strict=True)


def _share(packet: Packet, content: SidecarContent) -> Share:
    """Decide what becomes ours, and what a list that we start has to copy."""
    theirs = packet.keywords()
    added = unique((*theirs, *_cleaned(content.added)))[len(theirs) :]
    copied = unique((*added, *theirs, *_cleaned(content.subjects)))[len(added) :]
    hierarchy = [_cleaned(path) for path in content.hierarchy]
    hierarchy = [path for path in hierarchy if path]
    own = {label_key(item) for item in added}
    known = [
        *packet.paths_of(HIERARCHY, theirs=True),
        *packet.paths_of(TAGS_LIST, theirs=True),
        *(path for path in hierarchy if label_key(path[-1]) not in own),
    ]
    return Share(
        added=added,
        paths=_paths_for(added, [path for path in hierarchy if label_key(path[-1]) in own]),
        copied=copied,
        copied_paths=_paths_for(copied, known),
    )


def _paths_for(items: tuple[str, ...], known: Iterable[Path]) -> tuple[Path, ...]:
    """Return the known hierarchies, and a path of its own for each item that is in none."""
    paths = {tuple(map(label_key, path)): path for path in known if len(path) > 1}
    covered = {level for path in paths for level in path}
    alone = ((item,) for item in items if label_key(item) not in covered)
    return (*paths.values(), *alone)


def _cleaned(items: Iterable[str]) -> tuple[str, ...]:
    """Return the items as XML can hold them."""
    cleaned = (_NOT_IN_XML.sub("", item).strip() for item in items)
    return tuple(item for item in cleaned if item)
