"""What an XMP packet says about keywords and regions, and which of it is ours."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...db.states import label_key
from .errors import Refused
from .xmp_names import (
    ADDED,
    CONTAINERS,
    COPIED,
    DESCRIPTION,
    HIERARCHY,
    ID,
    IPTC,
    KEYWORD_LISTS,
    LI,
    LISTS,
    META,
    OUR_ID,
    PATHS,
    PHOTOTAG,
    RDF,
    RECORDS,
    REGIONS,
    STARTED,
    SUBJECT,
    ListProperty,
    Path,
)
from .xmp_packet import Element, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Region:
    """A named rectangle, relative to the stored pixels (0..1, from the left upper corner)."""

    name: str
    left: float
    top: float
    width: float
    height: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as a packet has it, its items told apart.

    ``ours`` were added by us, ``copied`` is what we copied into a list that we started.
    """

    kind: ListProperty
    element: Element
    container: Element
    ours: tuple[Element, ...]
    copied: tuple[Element, ...]
    theirs: tuple[Element, ...]
    is_started: bool

    @property
    def is_all_ours(self) -> bool:
        """Tell whether nobody else has put anything into a list that we started."""
        return self.is_started and not self.theirs


@dataclass(frozen=True, slots=True)
class Packet:
    """The lists of a packet by their names, its RDF element and what our records say."""

    rdf: Element
    lists: dict[Name, Listing] = field(default_factory=dict)
    records: dict[Name, tuple[str, ...]] = field(default_factory=dict)

    @property
    def descriptions(self) -> list[Element]:
        """The rdf:Description elements that hold the properties."""
        return [element for element in self.rdf.children if element.name == DESCRIPTION]

    def paths_of(self, kind: ListProperty, *, theirs: bool) -> Iterator[Path]:
        """Yield the items of a list as hierarchies: all, or only the owner's."""
        listing = self.lists.get(kind.name)
        if listing is not None:
            for item in listing.theirs if theirs else listing.container.children:
                path = kind.decode(item.text)
                if path:
                    yield path

    def keywords(self) -> tuple[str, ...]:
        """Return what the owner or other programs say, from every list, once each."""
        paths = (path for kind in KEYWORD_LISTS for path in self.paths_of(kind, theirs=True))
        return unique(path[-1] for path in paths)


def read_packet(root: Element, *, is_strict: bool) -> Packet:
    """Find the lists under a root element.

    Raises Refused for what is no XMP; and, if strict, for lists in a form that is not XMP's:
    else whatever looks like an item is taken for one.
    """
    found = [element for element in root.walk() if element.name == (RDF, "RDF")]
    if len(found) != 1 or not (root is found[0] or root.name[0] == META):
        raise Refused("it is not an XMP file")
    packet = Packet(found[0])
    for kind in (*RECORDS, *LISTS):
        try:
            element = _find(packet, kind)
            container = None if element is None else _container(element)
        except Refused:
            if is_strict:
                raise
            element = container = _gathered(packet, kind)
        if element is None or container is None:
            continue
        if kind in RECORDS:
            packet.records[kind.name] = tuple(item.text for item in container.children)
        else:
            packet.lists[kind.name] = _listing(packet, kind, element, container)
    return packet


def read_regions(packet: Packet) -> tuple[Region, ...]:
    """Return the rectangles that are given in relative coordinates."""
    listing = packet.lists.get(REGIONS.name)
    items: Sequence[Element] = () if listing is None else listing.container.children
    regions = (_region(item) for item in items)
    return tuple(region for region in regions if region is not None)


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Return the items without those that differ from an earlier one by case only."""
    found: dict[str, str] = {}
    for item in items:
        found.setdefault(label_key(item), item)
    return tuple(found.values())


def _find(packet: Packet, kind: ListProperty) -> Element | None:
    found: list[Element] = []
    for description in packet.descriptions:
        if kind.name in description.attributes:
            raise Refused(f"its {kind.label} is not a list")
        found += (element for element in description.children if element.name == kind.name)
    if len(found) > 1:
        raise Refused(f"it has {kind.label} several times")
    return found[0] if found else None


def _container(element: Element) -> Element:
    """Return the Bag, Seq or Alt inside a property."""
    inner = element.children
    if len(inner) != 1 or inner[0].name not in CONTAINERS or element.text.strip():
        raise Refused(f"its {element.name[1]} is not a list")
    if inner[0].text.strip() or any(item.name != LI for item in inner[0].children):
        raise Refused(f"its {element.name[1]} is a list of an unknown form")
    return inner[0]


def _gathered(packet: Packet, kind: ListProperty) -> Element:
    """Return a list of everything with text in it below the properties of that name."""
    gathered = Element(kind.name, "", {}, {}, 0)
    waiting = [(packet.rdf, False)]
    while waiting:
        element, is_inside = waiting.pop()
        is_inside = is_inside or element.name == kind.name
        if is_inside and not element.children and element.text.strip():
            gathered.children.append(element)
        waiting.extend((child, is_inside) for child in reversed(element.children))
    return gathered


def _listing(packet: Packet, kind: ListProperty, element: Element, container: Element) -> Listing:
    is_started = kind.label in packet.records.get(STARTED.name, ())
    wanted = _our_items(packet, kind)
    copies = packet.records.get(COPIED.name, ()) if is_started else ()
    copied_keys = {label_key(kind.encode((item,))) for item in copies}
    ours: list[Element] = []
    copied: list[Element] = []
    theirs: list[Element] = []
    for item in reversed(container.children):  # what we added is at the end
        if _is_ours(kind, item, wanted):
            ours.append(item)
        else:
            (copied if _is_copy(kind, item, copied_keys) else theirs).append(item)
    return Listing(
        kind,
        element,
        container,
        ours=tuple(reversed(ours)),
        copied=tuple(reversed(copied)),
        theirs=tuple(reversed(theirs)),
        is_started=is_started,
    )


def _is_ours(kind: ListProperty, item: Element, wanted: Counter[str]) -> bool:
    """Tell whether an item is one of those that we wait for, and wait for it no more."""
    if kind is REGIONS:
        return _members(item).get(ID, "").startswith(OUR_ID)
    text = item.text
    if wanted[text] <= 0:
        return False
    wanted[text] -= 1
    return True


def _our_items(packet: Packet, kind: ListProperty) -> Counter[str]:
    if kind is SUBJECT:
        return Counter(packet.records.get(ADDED.name, ()))
    paths = (HIERARCHY.decode(item) for item in packet.records.get(PATHS.name, ()))
    return Counter(kind.encode(path) for path in paths if path)


def _is_copy(kind: ListProperty, item: Element, copies: set[str]) -> bool:
    path = kind.decode(item.text)
    return bool(path) and label_key(path[-1]) in copies


def _members(element: Element) -> dict[Name, str]:
    """Return the fields of a structure in any of the forms that RDF allows, as text."""
    inner = element.children
    if len(inner) == 1 and inner[0].name == DESCRIPTION:
        element = inner[0]
    members = dict(element.attributes)
    for child in element.children:
        texts = (part.text.strip() for part in child.walk())
        members[child.name] = next((text for text in texts if text), "")
    return members


def _region(item: Element) -> Region | None:
    members = _members(item)
    boundaries = [part for part in item.walk() if part.name == (IPTC, "RegionBoundary")]
    boundary = _members(boundaries[0]) if boundaries else {}
    form = boundary.get((IPTC, "rbShape")), boundary.get((IPTC, "rbUnit"))
    if form != ("rectangle", "relative"):
        return None
    try:
        left, top, width, height = (
            float(boundary.get((IPTC, name), "")) for name in ("rbX", "rbY", "rbW", "rbH")
        )
        confidence = float(members.get((PHOTOTAG, "confidence"), "0"))
    except ValueError:
        return None
    if not all(map(math.isfinite, (left, top, width, height, confidence))):
        return None
    return Region(members.get((IPTC, "Name"), ""), left, top, width, height, confidence)
