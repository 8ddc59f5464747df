"""All that is known of one photo, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...db.states import TagState
from ..printable import count, printable, printable_text
from .moments import describe_taken, iso
from .phrases import describe_camera, describe_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...db.records import Metadata, PhotoRecord, TagFile


def print_photo(photo: PhotoRecord) -> None:
    """Print all that is known of one photo, for people."""
    print(printable(photo.path))
    for line in (*_file_lines(photo), *_seen_lines(photo), *_written_lines(photo)):
        print(f"  {line}")


def _file_lines(photo: PhotoRecord) -> Iterator[str]:
    shape = f"{photo.width} x {photo.height}" if photo.width else ""
    picture = " ".join(filter(None, (shape, photo.format)))
    yield ", ".join(filter(None, (picture, count(photo.size, "byte"), photo.state)))
    if photo.error:
        yield f"{photo.error} (attempts: {photo.attempts})"
    yield describe_taken(photo)
    yield from _metadata_lines(photo.metadata)
    if photo.pair is not None:
        yield f"pair: {printable(photo.pair)}"
    if photo.analyzed_at:
        yield f"analysed {iso(photo.analyzed_at)} by {', '.join(photo.models)}"


def _metadata_lines(written: Metadata) -> Iterator[str]:
    """Say what camera and people wrote, and what of it was not believed."""
    yield from filter(None, (describe_camera(written), describe_place(written)))
    if written.rating is not None:
        yield "rejected" if written.rating < 0 else f"rating {written.rating} of 5"
    for name in ("title", "caption", "software"):
        if text := getattr(written, name):
            yield f"{name}: {printable_text(text)}"
    for reason in written.dropped:
        yield f"not believed: {printable_text(reason)}"


def _seen_lines(photo: PhotoRecord) -> Iterator[str]:
    for tag in photo.tags:
        if tag.shown and tag.kind != "object":
            refined = f"  (a kind of {tag.refines})" if tag.refines else ""
            yield f"{tag.confidence:4.2f}  {tag.name}{refined}"
    for found in photo.detections:
        box = found.box
        sides = f"left {box.left:.0%}, top {box.top:.0%}, right {box.right:.0%}"
        yield f"{found.confidence:4.2f}  {found.name}  ({sides}, bottom {box.bottom:.0%})"
    general = [f"{tag.name} {tag.confidence:.2f}" for tag in photo.tags if not tag.shown]
    if general:
        yield f"also found as: {', '.join(general)}"


def _written_lines(photo: PhotoRecord) -> Iterator[str]:
    if photo.keywords:
        yield f"keywords: {', '.join(map(printable_text, photo.keywords))}"
    for file in photo.tag_files:
        yield from _tag_lines(file)


def _tag_lines(file: TagFile) -> Iterator[str]:
    """Say what of ours is in a file, and what is not and why."""
    where = "the photo (EXIF)" if file.target == "exif" else printable(file.path)
    if file.items:
        yield f"written into {where} {iso(file.written_at)}: {', '.join(file.items)}"
    elif file.state == TagState.UNDONE:
        yield f"taken out of {where} {iso(file.written_at)}"
    if file.removed:
        yield f"taken out of {where} by somebody: {', '.join(file.removed)}"
    if file.reason:
        yield f"not written into {where}: {file.reason}"
