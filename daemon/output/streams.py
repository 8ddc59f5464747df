"""Results for other programs, photo by photo: paths, JSON, lines of JSON, CSV."""

from __future__ import annotations

import csv
import json
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from ..printable import printable
from .documents import photo_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...db.records import PhotoRecord

CSV_HEADINGS = (
    *("path", "kind", "name", "confidence", "left", "top", "right", "bottom", "model"),
    "path_b64",
)
# What JSON lets through and a terminal takes for a command, or does not show.
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def print_json(value: Any) -> None:
    """Print one JSON document, readable by people too."""
    print(to_json(value))


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Return JSON that is safe to show on a terminal."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_json(photos: Iterable[PhotoRecord], out: TextIO) -> None:
    """Write photos as one JSON array, the same text as `print_json` of the whole list."""
    mark = "["
    for photo in photos:
        document = to_json(photo_to_dict(photo)).replace("\n", "\n  ")
        out.write(f"{mark}\n  {document}")
        mark = ","
    out.write("[]\n" if mark == "[" else "\n]\n")


def write_ndjson(photos: Iterable[PhotoRecord], out: TextIO) -> None:
    """Write one line of JSON a photo."""
    for photo in photos:
        out.write(to_json(photo_to_dict(photo), indent=None) + "\n")


def write_csv(photos: Iterable[PhotoRecord], out: TextIO) -> None:
    """Write one line per box and per tag: path, kind, name, confidence, box, model, path_b64."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADINGS)
    for photo in photos:
        fields = photo_to_dict(photo)
        path = printable(photo.path) if out.isatty() else fields["path"]
        exact = fields["path_b64"]
        for entry in fields["detections"]:
            row = ("detection", entry["name"], entry["confidence"], *entry["box"], entry["model"])
            writer.writerow((path, *row, exact))
        for entry in fields["tags"]:
            row = (entry["kind"], entry["name"], entry["confidence"], None, None, None, None, None)
            writer.writerow((path, *row, exact))


def print_paths(paths: Iterable[bytes], *, end: bytes = b"\n") -> None:
    """Print paths: their exact bytes for other programs, on a terminal what it can show."""
    if end == b"\n" and sys.stdout.isatty():
        for path in paths:
            print(printable(path))
        return
    print_records(paths, end=end)


def print_records(records: Iterable[bytes], *, end: bytes) -> None:
    """Print exact bytes, each record with its end."""
    sys.stdout.flush()
    sys.stdout.buffer.writelines(record + end for record in records)
    sys.stdout.buffer.flush()


def print_rows(photos: Iterable[PhotoRecord]) -> None:
    """Print state, path and reason, a line each."""
    for photo in photos:
        reason = f": {photo.error}" if photo.error else ""
        print(f"{photo.state:<11} {printable(photo.path)}{reason}")
