"""The JSON of a photo: a documented, stable schema."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ...db.states import camera_name
from .moments import iso, taken_iso

if TYPE_CHECKING:
    from ...db.records import Metadata, PhotoRecord, TagFile


def photo_to_dict(photo: PhotoRecord) -> dict[str, Any]:
    r"""Return a photo as JSON shows it.

    ``path`` is printable (bytes that are no UTF-8 as ``\\xNN``), ``path_b64`` the exact bytes.
    Confidences lie in 0..1; a box is [left, top, right, bottom] relative to the upright picture.
    ``taken_at`` is the wall clock where the photo was taken, with fraction and offset where the
    camera wrote them; ``taken_source`` is ``camera``, ``xmp`` or ``file``.
    """
    return {
        "path": path_text(photo.path),
        "path_b64": path_b64(photo.path),
        "width": photo.width,
        "height": photo.height,
        "format": photo.format,
        "size": photo.size,
        "state": str(photo.state),
        "error": photo.error,
        "attempts": photo.attempts,
        "taken_at": taken_iso(photo),
        "taken_source": photo.taken_source,
        "analyzed_at": iso(photo.analyzed_at),
        "models": list(photo.models),
        "tags": [
            {
                "name": tag.name,
                "confidence": round(tag.confidence, 4),
                "kind": tag.kind,
                "shown": tag.shown,
            }
            for tag in photo.tags
        ],
        "detections": [
            {
                "name": found.name,
                "confidence": round(found.confidence, 4),
                "box": [
                    round(side, 5)
                    for side in (found.box.left, found.box.top, found.box.right, found.box.bottom)
                ],
                "model": found.model,
            }
            for found in photo.detections
        ],
        "keywords": list(photo.keywords),
        "metadata": _metadata_to_dict(photo.metadata),
        "pair": None if photo.pair is None else path_text(photo.pair),
        "pair_b64": None if photo.pair is None else path_b64(photo.pair),
        "tag_files": [_tag_file_to_dict(file) for file in photo.tag_files],
    }


def row_to_dict(photo: PhotoRecord) -> dict[str, Any]:
    """Return a photo's state as the JSON of `list` shows it."""
    fields = photo_to_dict(photo)
    wanted = ("path", "path_b64", "state", "error", "attempts", "taken_at", "analyzed_at")
    return {key: fields[key] for key in wanted} | {"next_try_at": iso(photo.next_try_at)}


def path_text(path: bytes) -> str:
    r"""Write a path as text; bytes that are no UTF-8 as ``\\xNN``."""
    return path.decode("utf-8", "backslashreplace")


def path_b64(path: bytes) -> str:
    """Write the exact bytes of a path."""
    return base64.b64encode(path).decode()


def _metadata_to_dict(written: Metadata) -> dict[str, Any]:
    camera = {
        "make": written.make,
        "model": written.model,
        "name": camera_name(written.make, written.model),
    }
    gps = {
        "latitude": written.latitude,
        "longitude": written.longitude,
        "altitude": written.altitude,
    }
    return {
        "camera": camera if camera["name"] else None,
        "lens": written.lens,
        "iso": written.iso,
        "f_number": written.f_number,
        "exposure": written.exposure,
        "focal": written.focal,
        "focal_35mm": written.focal_35mm,
        "gps": gps if written.latitude is not None else None,
        "place": _place_to_dict(written),
        "rating": written.rating,
        "title": written.title,
        "caption": written.caption,
        "software": written.software,
        "dropped": list(written.dropped),
    }


def _place_to_dict(written: Metadata) -> dict[str, Any] | None:
    place = written.place
    if place is None:
        return None
    return {
        "country_code": place.country_code,
        "country": place.country,
        "region": place.region,
        "city": place.city,
    }


def _tag_file_to_dict(file: TagFile) -> dict[str, Any]:
    return {
        "target": file.target,
        "path": path_text(file.path),
        "state": str(file.state),
        "reason": file.reason,
        "tags": list(file.items),
        "copied": list(file.copied),
        "removed": list(file.removed),
        "written_at": iso(file.written_at),
    }
