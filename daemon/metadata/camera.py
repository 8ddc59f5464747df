"""Which camera took a photo and how it was set.

Every function returns the fields of ``Metadata`` that a source knows, or nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .source import Source

_SMALLEST = 1e-9
_LONGEST_EXPOSURE = 30 * 86_400.0  # pinhole cameras take days
_ISO_ESCAPE = 65_535  # the field has 16 bits: the number stands in another one
_ISO_FIELDS = ("RecommendedExposureIndex", "StandardOutputSensitivity", "ISOSpeed")
_NO_LENS = re.compile(r"[\s0.mfF/*-]*|[Uu]nknown.*|N/?A|[Nn]one")


def read_camera(source: Source) -> dict[str, Any]:
    """Return make and model as the camera writes them."""
    return _known(make=source.text("Make"), model=source.text("Model"))


def read_lens(source: Source) -> dict[str, Any]:
    """Return the lens's name; what cameras write for a lens without a chip is none."""
    for name in ("LensModel", "Lens"):
        lens = source.text(name)
        if lens is not None and not _NO_LENS.fullmatch(lens):
            return {"lens": lens}
    return {}


def read_software(source: Source) -> dict[str, Any]:
    """Return the program or firmware that wrote the file."""
    return _known(software=source.text("Software") or source.text("CreatorTool"))


def read_iso(source: Source) -> dict[str, Any]:
    """Return the sensitivity."""
    number = source.number("PhotographicSensitivity", 1, 1e7)
    if number is None or number == _ISO_ESCAPE:
        others = (source.number(name, 1, 1e7) for name in _ISO_FIELDS)
        number = next((other for other in others if other is not None), number)
    return {} if number is None else {"iso": round(number)}


def read_aperture(source: Source) -> dict[str, Any]:
    """Return the f-number, from APEX where it stands in no other way."""
    number = source.number("FNumber", _SMALLEST, 1000)
    if number is None:
        apex = source.number("ApertureValue", -2, 20)
        number = None if apex is None else 2 ** (apex / 2)
    return {} if number is None else _known(f_number=round(number, 2) or None)


def read_exposure(source: Source) -> dict[str, Any]:
    """Return the time of exposure in seconds."""
    number = source.number("ExposureTime", _SMALLEST, _LONGEST_EXPOSURE)
    if number is None:
        apex = source.number("ShutterSpeedValue", -21, 29)
        number = None if apex is None else 2**-apex
    return {} if number is None else {"exposure": float(f"{number:.8g}")}


def read_focal(source: Source) -> dict[str, Any]:
    """Return the focal length in millimetres."""
    number = source.number("FocalLength", _SMALLEST, 100_000)
    return {} if number is None else _known(focal=round(number, 1) or None)


def read_focal_35mm(source: Source) -> dict[str, Any]:
    """Return the focal length that would see the same on 35 mm film; 0 means unknown."""
    number = source.number("FocalLengthIn35mmFilm", 0, 100_000)
    return {} if number is None else _known(focal_35mm=round(number) or None)


def _known(**fields: object) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
