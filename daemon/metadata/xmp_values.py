"""What an XMP packet says of a photo, by the names of EXIF's tags.

Standards: ISO 16684-1 and -2 (XMP), CIPA DC-010 (Exif in XMP). All values are text there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tagging.xmp_names import CONTAINERS, DC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tagging.xmp_fields import Packet
    from ..tagging.xmp_packet import Element, Name

_EXIF = "http://ns.adobe.com/exif/1.0/"
_EXIF_EX = "http://cipa.jp/exif/1.0/"
_AUX = "http://ns.adobe.com/exif/1.0/aux/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_MICROSOFT = "http://ns.microsoft.com/photo/1.0"  # some write a slash behind it
_LANGUAGE = ("http://www.w3.org/XML/1998/namespace", "lang")

_SAME = (
    "ExposureTime", "FNumber", "DateTimeOriginal", "DateTimeDigitized", "ShutterSpeedValue",
    "ApertureValue", "FocalLength", "FocalLengthIn35mmFilm", "GPSLatitude", "GPSLongitude",
    "GPSAltitudeRef", "GPSAltitude", "UserComment",
)  # fmt: skip
_NAMES: dict[Name, str] = {
    **{(_EXIF, name): name for name in _SAME},
    **{(_TIFF, name): name for name in ("Make", "Model", "Software", "ImageDescription")},
    (_EXIF, "ISOSpeedRatings"): "PhotographicSensitivity",
    (_EXIF_EX, "PhotographicSensitivity"): "PhotographicSensitivity",
    (_EXIF_EX, "LensModel"): "LensModel",
    (_AUX, "Lens"): "Lens",
    (_PHOTOSHOP, "DateCreated"): "DateCreated",
    (_PHOTOSHOP, "Headline"): "Headline",
    (_XMP, "CreateDate"): "CreateDate",
    (_XMP, "CreatorTool"): "CreatorTool",
    (_XMP, "Rating"): "Rating",
    (_MICROSOFT, "Rating"): "RatingPercent",
    (_MICROSOFT + "/", "Rating"): "RatingPercent",
    (DC, "title"): "Title",
    (DC, "description"): "Caption",
}


def read_xmp(packet: Packet) -> dict[str, str]:
    """Return the values of a packet; of several languages the one that is the default."""
    values: dict[str, str] = {}
    for name, text in _properties(packet):
        if name in _NAMES and text.strip():
            values.setdefault(_NAMES[name], text)
    return values


def _properties(packet: Packet) -> Iterator[tuple[Name, str]]:
    for description in packet.descriptions:
        yield from description.attributes.items()
        for child in description.children:
            yield child.name, _text(child)


def _text(element: Element) -> str:
    """Return a property's text: of an Alt the default language's, of a list all items'."""
    inner = element.children
    if not inner or inner[0].name not in CONTAINERS:
        return element.text
    container, items = inner[0].name[1], inner[0].children
    if container != "Alt":
        return " ".join(item.text for item in items)
    default = (item for item in items if item.attributes.get(_LANGUAGE) == "x-default")
    chosen = next(default, items[0] if items else None)
    return "" if chosen is None else chosen.text
