"""The names that XMP uses for keywords and regions, and how a list writes a hierarchy.

Standards: ISO 16684-1 (XMP), IPTC Photo Metadata 2019.1 and later (image regions). Our own
properties: ``added`` (keywords that are ours), ``paths`` (hierarchies that are ours), ``started``
(lists that were not there before us) and ``copied`` (the owner's keywords that we copied into
those, so that they hide nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .xmp_packet import Name

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PHOTOTAG = "urn:phototagd:xmp:1.0/"

PREFIXES = {
    RDF: "rdf",
    DC: "dc",
    LIGHTROOM: "lr",
    DIGIKAM: "digiKam",
    IPTC: "Iptc4xmpExt",
    PHOTOTAG: "phototag",
}

DESCRIPTION, ABOUT, LI, ID = (RDF, "Description"), (RDF, "about"), (RDF, "li"), (IPTC, "rId")
CONTAINERS = ((RDF, "Bag"), (RDF, "Seq"), (RDF, "Alt"))
OUR_ID = "phototag-"  # how the identifiers of our regions begin

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListProperty:
    """A property with a list; ``separator`` stands between the levels of a hierarchy."""

    name: Name
    container: str = "Bag"
    separator: str = ""
    substitute: str = ""  # what a separator inside a keyword becomes

    @property
    def label(self) -> str:
        """The name with the usual prefix."""
        return f"{PREFIXES[self.name[0]]}:{self.name[1]}"

    def encode(self, path: Path) -> str:
        """Return a hierarchy, from general to specific, as one item of this list."""
        if not self.separator:
            return path[-1]
        levels = (level.replace(self.separator, self.substitute) for level in path)
        return self.separator.join(levels)

    def decode(self, item: str) -> Path:
        """Return the levels of an item, without empty ones."""
        levels = item.split(self.separator) if self.separator else [item]
        return tuple(level.strip() for level in levels if level.strip())


SUBJECT = ListProperty((DC, "subject"))
HIERARCHY = ListProperty((LIGHTROOM, "hierarchicalSubject"), "Bag", "|", "/")
# digiKam itself turns a slash in a keyword into a backslash.
TAGS_LIST = ListProperty((DIGIKAM, "TagsList"), "Seq", "/", "\\")
REGIONS = ListProperty((IPTC, "ImageRegion"))

KEYWORD_LISTS = (SUBJECT, HIERARCHY, TAGS_LIST)
LISTS = (*KEYWORD_LISTS, REGIONS)

ADDED, PATHS, COPIED, STARTED = (
    ListProperty((PHOTOTAG, name)) for name in ("added", "paths", "copied", "started")
)
RECORDS = (ADDED, PATHS, COPIED, STARTED)
META = "adobe:ns:meta/"
