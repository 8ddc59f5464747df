"""Results as paths, table, JSON and CSV; where they came from is not known here.

The JSON of a photo is a documented, stable schema: see ``photo_to_dict``.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import sys
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..db.states import TagState
from .logs import printable, printable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..db.records import PhotoRecord, TagFile
    from ..models.results import Reading


def photo_to_dict(photo: PhotoRecord) -> dict[str, Any]:
    r"""Return a photo as JSON shows it.

    ``path`` is printable (bytes that are no UTF-8 as ``\\xNN``), ``path_b64`` the exact bytes.
    Confidences lie in 0..1; a box is [left, top, right, bottom] relative to the upright picture.
    """
    return {
        "path": photo.path.decode("utf-8", "backslashreplace"),
        "path_b64": base64.b64encode(photo.path).decode(),
        "width": photo.width,
        "height": photo.height,
        "format": photo.format,
        "state": str(photo.state),
        "error": photo.error,
        "attempts": photo.attempts,
        "taken_at": _iso(photo.taken_at),
        "analyzed_at": _iso(photo.analyzed_at),
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
        "tag_files": [_tag_file_to_dict(file) for file in photo.tag_files],
    }


def _tag_file_to_dict(file: TagFile) -> dict[str, Any]:
    return {
        "target": file.target,
        "path": file.path.decode("utf-8", "backslashreplace"),
        "state": str(file.state),
        "reason": file.reason,
        "tags": list(file.items),
        "copied": list(file.copied),
        "removed": list(file.removed),
        "written_at": _iso(file.written_at),
    }


def row_to_dict(photo: PhotoRecord) -> dict[str, Any]:
    """Return a photo's state as the JSON of `list` shows it."""
    fields = photo_to_dict(photo)
    wanted = ("path", "path_b64", "state", "error", "attempts", "taken_at", "analyzed_at")
    return {key: fields[key] for key in wanted} | {"next_try_at": _iso(photo.next_try_at)}


def print_rows(photos: Iterable[PhotoRecord]) -> None:
    """Print state, path and reason, a line each."""
    for photo in photos:
        reason = f": {photo.error}" if photo.error else ""
        print(f"{photo.state:<11} {printable(photo.path)}{reason}")


def print_json(value: Any) -> None:
    """Print one JSON document, readable by people too."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_paths(paths: Iterable[bytes], *, end: bytes = b"\n") -> None:
    """Print the exact bytes of the paths, for other programs."""
    sys.stdout.flush()
    sys.stdout.buffer.writelines(path + end for path in paths)
    sys.stdout.buffer.flush()


def print_csv(photos: Iterable[PhotoRecord]) -> None:
    """Print one line per box and per tag: path, kind, name, confidence, box, model."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = ["path", "kind", "name", "confidence", "left", "top", "right", "bottom", "model"]
    writer.writerow(header)
    for photo in photos:
        fields = photo_to_dict(photo)
        for entry in fields["detections"]:
            row = ["detection", entry["name"], entry["confidence"], *entry["box"], entry["model"]]
            writer.writerow([fields["path"], *row])
        for entry in fields["tags"]:
            row = [entry["kind"], entry["name"], entry["confidence"], None, None, None, None, None]
            writer.writerow([fields["path"], *row])
    sys.stdout.write(text.getvalue())


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows in columns, numbers to the right; without frames, so that it can be piped."""
    cells = [[str(heading) for heading in headings]]
    cells += [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [
            cell.rjust(width) if _is_number(cell) else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        print("  ".join(padded).rstrip())


def print_photo(photo: PhotoRecord) -> None:
    """Print all that is known of one photo, for people."""
    print(printable(photo.path))
    size = f"{photo.width} x {photo.height} " if photo.width else ""
    print(f"  {size}{photo.format or ''}, {photo.size:,} bytes, {photo.state}".replace(" ,", ","))
    if photo.error:
        print(f"  {photo.error} (attempts: {photo.attempts})")
    if photo.analyzed_at:
        print(f"  analysed {_iso(photo.analyzed_at)} by {', '.join(photo.models)}")
    for tag in photo.tags:
        if tag.shown and tag.kind != "object":
            refined = f"  (a kind of {tag.refines})" if tag.refines else ""
            print(f"  {tag.confidence:4.2f}  {tag.name}{refined}")
    general = [f"{tag.name} {tag.confidence:.2f}" for tag in photo.tags if not tag.shown]
    for found in photo.detections:
        box = found.box
        sides = f"left {box.left:.0%}, top {box.top:.0%}, right {box.right:.0%}"
        print(f"  {found.confidence:4.2f}  {found.name}  ({sides}, bottom {box.bottom:.0%})")
    if general:
        print(f"  also found as: {', '.join(general)}")
    if photo.keywords:
        print(f"  keywords: {', '.join(map(printable_text, photo.keywords))}")
    for file in photo.tag_files:
        for line in _tag_lines(file):
            print(f"  {line}")


def _tag_lines(file: TagFile) -> list[str]:
    """Say what of ours is in a file, and what is not and why."""
    where = "the photo (EXIF)" if file.target == "exif" else printable(file.path)
    lines = []
    if file.items:
        lines.append(f"written into {where} {_iso(file.written_at)}: {', '.join(file.items)}")
    elif file.state == TagState.UNDONE:
        lines.append(f"taken out of {where} {_iso(file.written_at)}")
    if file.removed:
        lines.append(f"taken out of {where} by somebody: {', '.join(file.removed)}")
    if file.reason:
        lines.append(f"not written into {where}: {file.reason}")
    return lines


def describe_outcome(reading: Reading | None) -> str:
    """Return what was found in a few words: names with their number and best confidence."""
    if reading is None:
        return "a known picture, tags copied"
    counts = Counter(found.name for found in reading.detections)
    things = [
        f"{f'{counts[tag.name]} x ' if counts[tag.name] > 1 else ''}{tag.name} {tag.confidence:.2f}"
        for tag in reading.tags
        if tag.shown
    ]
    return ", ".join(things) or "nothing recognised"


def _iso(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return None  # a file's time may be any number


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).isdigit()
