"""Our items into the bytes of an XMP packet and out of them; the proof that all else stays."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Refused
from .xmp_names import (
    ABOUT,
    ADDED,
    COPIED,
    HIERARCHY,
    IPTC,
    KEYWORD_LISTS,
    LISTS,
    OUR_ID,
    PATHS,
    PHOTOTAG,
    PREFIXES,
    RDF,
    REGIONS,
    STARTED,
    SUBJECT,
    ListProperty,
    Path,
)
from .xmp_packet import Document, Edit, Element, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .xmp_fields import Listing, Packet, Region

    Opened = tuple[Document, Packet]
    Shape = tuple[Name, tuple[tuple[Name, str], ...], str, int]

_LIST_NAMES = {kind.name for kind in LISTS}


@dataclass(frozen=True, slots=True)
class Share:
    """Our keywords and hierarchies, and the owner's that go into the lists that we start."""

    added: tuple[str, ...]
    paths: tuple[Path, ...]
    copied: tuple[str, ...]
    copied_paths: tuple[Path, ...]

    def items(self, kind: ListProperty, *, is_started: bool) -> list[str]:
        """Return what is put into a list, as it is written there."""
        if kind is SUBJECT:
            return [*(self.copied if is_started else ()), *self.added]
        paths = (*(self.copied_paths if is_started else ()), *self.paths)
        return list(dict.fromkeys(kind.encode(path) for path in paths))


def add(document: Document, packet: Packet, share: Share, regions: Sequence[Region]) -> bytes:
    """Return the bytes with our items: in the lists that are there, the rest in a new element."""
    edits: list[Edit] = []
    started: list[tuple[ListProperty, list[list[str]]]] = []
    for kind in LISTS:
        listing = packet.lists.get(kind.name)
        if kind is REGIONS:
            names = RDF, IPTC, PHOTOTAG
            items = [_region(*pair, names if listing else ()) for pair in enumerate(regions, 1)]
        else:
            texts = share.items(kind, is_started=listing is None)
            tag = "rdf:li" if listing is None else _sibling(listing.container, "li")
            items = [[f"<{tag}>{html.escape(text, quote=False)}</{tag}>"] for text in texts]
        if not items:
            continue
        if listing is None:
            started.append((kind, items))
        else:
            edits.append(_append(document, listing.container, items))
    records = _records(share, [kind for kind, _ in started])
    edits.append(_describe(document, packet, [*started, *records]))
    return document.edited(edits)


def cut(document: Document, packet: Packet) -> bytes | None:
    """Return the bytes without anything of ours, or None if nothing is."""
    edits = [
        Edit(element.start - len(document.lead(element)), document.end(element))
        for element in _ours(packet)
    ]
    return document.edited(edits) if edits else None


def prove(old: Opened, new: Opened) -> None:
    """Raise Refused unless everything that is not ours in the one is in the other as well."""
    if _others(*old) != _others(*new):
        raise Refused("something else in the sidecar would change")
    for kind in LISTS:
        before, after = (opened[1].lists.get(kind.name) for opened in (old, new))
        if before is None or before.is_all_ours:
            continue
        if after is None or _frame(before) != _frame(after):
            raise Refused(f"the sidecar's {kind.label} would change")
        there = iter([_shapes(item) for item in after.theirs])
        if not all(_shapes(item) in there for item in before.theirs):
            raise Refused(f"the sidecar's {kind.label} would lose an item")


def _region(number: int, region: Region, namespaces: Iterable[str]) -> list[str]:
    """Return the lines of one image region; ``namespaces`` are declared on it."""
    declared = "".join(f' xmlns:{PREFIXES[uri]}="{uri}"' for uri in namespaces)
    left, top = (min(max(value, 0.0), 1.0) for value in (region.left, region.top))
    sides = {
        "rbX": left,
        "rbY": top,
        "rbW": min(max(region.width, 0.0), 1.0 - left),
        "rbH": min(max(region.height, 0.0), 1.0 - top),
    }
    return [
        f'<rdf:li{declared} rdf:parseType="Resource">',
        ' <Iptc4xmpExt:RegionBoundary rdf:parseType="Resource">',
        "  <Iptc4xmpExt:rbShape>rectangle</Iptc4xmpExt:rbShape>",
        "  <Iptc4xmpExt:rbUnit>relative</Iptc4xmpExt:rbUnit>",
        *(f"  <Iptc4xmpExt:{n}>{v:.6f}</Iptc4xmpExt:{n}>" for n, v in sides.items()),
        " </Iptc4xmpExt:RegionBoundary>",
        f" <Iptc4xmpExt:rId>{OUR_ID}{number}</Iptc4xmpExt:rId>",
        " <Iptc4xmpExt:Name>",
        "  <rdf:Alt>",
        f'   <rdf:li xml:lang="x-default">{html.escape(region.name, quote=False)}</rdf:li>',
        "  </rdf:Alt>",
        " </Iptc4xmpExt:Name>",
        f" <phototag:confidence>{region.confidence:.4f}</phototag:confidence>",
        "</rdf:li>",
    ]


def _records(
    share: Share, started: Sequence[ListProperty]
) -> Iterator[tuple[ListProperty, list[list[str]]]]:
    """Yield our own properties: what is ours and what we started."""
    is_copied = any(kind in KEYWORD_LISTS for kind in started)
    contents = (
        (ADDED, share.added),
        (PATHS, [HIERARCHY.encode(path) for path in share.paths]),
        (COPIED, share.copied if is_copied else ()),
        (STARTED, [kind.label for kind in started]),
    )
    for kind, texts in contents:
        if texts:
            yield kind, [[f"<rdf:li>{html.escape(text, quote=False)}</rdf:li>"] for text in texts]


def _describe(
    document: Document, packet: Packet, properties: Sequence[tuple[ListProperty, list[list[str]]]]
) -> Edit:
    """Append one rdf:Description with lists to the packet."""
    rdf = packet.rdf
    about = next((d.attributes[ABOUT] for d in packet.descriptions if ABOUT in d.attributes), "")
    namespaces = dict.fromkeys(kind.name[0] for kind, _ in properties)
    if any(kind is REGIONS for kind, _ in properties):
        namespaces[PHOTOTAG] = None
    if rdf.scope.get("rdf") != RDF:
        namespaces[RDF] = None
    lines = [f'<rdf:Description rdf:about="{html.escape(about)}"']
    lines += [f'  xmlns:{PREFIXES[uri]}="{uri}"' for uri in namespaces]
    lines[-1] += ">"
    for kind, items in properties:
        container = f"rdf:{kind.container}"
        lines += [f" <{kind.label}>", f"  <{container}>"]
        lines += [f"   {line}" for item in items for line in item]
        lines += [f"  </{container}>", f" </{kind.label}>"]
    return _append(document, rdf, [[*lines, "</rdf:Description>"]], lead=b"\n  ")


def _append(
    document: Document, parent: Element, items: Sequence[list[str]], lead: bytes = b""
) -> Edit:
    """Put elements, given as lines, behind the last child, with the white space it has.

    ``lead`` is the white space before the first child of all.
    """
    if parent.children:
        at = document.end(parent.children[-1])
        lead = document.lead(parent.children[-1])
    else:
        at = document.tag_end(parent)
    wide = b"\r\n" if b"\r\n" in document.data else b"\n"
    indent = lead[lead.rfind(b"\n") + 1 :] if b"\n" in lead else b""
    text = b"".join(lead + (wide + indent).join(line.encode() for line in item) for item in items)
    if not parent.children and document.is_closed_at_once(parent):
        tag = _sibling(parent, parent.name[1])
        return Edit(at - 2, at, b">" + text + f"</{tag}>".encode())
    return Edit(at, at, text)


def _sibling(element: Element, local: str) -> str:
    """Return a tag with the prefix that an element has."""
    return f"{element.prefix}:{local}" if element.prefix else local


def _ours(packet: Packet) -> Iterator[Element]:
    """Yield the elements that go when we go, none inside another."""
    whole = {id(listing.element) for listing in packet.lists.values() if listing.is_all_ours}
    for description in packet.descriptions:
        going = [
            child
            for child in description.children
            if child.name[0] == PHOTOTAG or id(child) in whole
        ]
        if going and len(going) == len(description.children) and _is_plain(description):
            yield description
        else:
            yield from going
    for listing in packet.lists.values():
        if id(listing.element) not in whole:
            yield from listing.ours


def _is_plain(description: Element) -> bool:
    """Tell whether an rdf:Description has no properties as attributes."""
    return set(description.attributes) <= {ABOUT}


def _frame(listing: Listing) -> tuple[object, ...]:
    element, container = listing.element, listing.container
    return element.attributes, container.name, container.attributes


def _others(document: Document, packet: Packet) -> list[Shape]:
    """Return everything but our properties and the lists in which we take part."""
    skipped: set[int] = set()
    for description in packet.descriptions:
        lists = [
            child
            for child in description.children
            if child.name in _LIST_NAMES or child.name[0] == PHOTOTAG
        ]
        skipped.update(map(id, lists))
        if lists and len(lists) == len(description.children) and _is_plain(description):
            skipped.add(id(description))
    return _shapes(document.root, skipped)


def _shapes(root: Element, skipped: Iterable[int] = ()) -> list[Shape]:
    """Return what elements say, in order; white space between elements says nothing."""
    shapes: list[Shape] = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        kept = [child for child in element.children if id(child) not in skipped]
        text = element.text.strip() if element.children else element.text
        if element.name == (RDF, "RDF"):
            text = text.strip()
        attributes = tuple(sorted(element.attributes.items()))
        shapes.append((element.name, attributes, text, len(kept)))
        waiting.extend(reversed(kept))
    return shapes
