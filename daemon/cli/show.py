"""``phototag show``: all that is known of one photo."""

from __future__ import annotations

import os
from pathlib import Path

import click

from . import Settings, pass_settings


@click.command("show", short_help="All that is known of one photo; its boxes as a picture.")
@click.argument("path", type=click.Path(path_type=bytes))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--image",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.jpg",
    help="Also write a copy of the photo with boxes and names drawn.",
)
@pass_settings
def command(settings: Settings, path: bytes, as_json: bool, image: Path | None) -> int:
    """Print all that the catalog knows of the photo at PATH.

    \b
    Examples:
      phototag show ~/Pictures/cat.jpg
      phototag show ~/Pictures/cat.jpg --image /tmp/boxes.jpg
    """
    from ...db.reader import CatalogReader
    from .. import output
    from .files_out import refuse_photos
    from .judge import tell_unknown

    config = settings.config
    real = os.path.realpath(path)
    with CatalogReader.open(config.catalog.path) as reader:
        photo = reader.photo(real)
        refuse_photos(reader, [] if image is None else [os.fsencode(image)])
    if photo is None:
        tell_unknown(real)
        return 1
    if as_json:
        output.print_json(output.photo_to_dict(photo))
    else:
        output.print_photo(photo)
    if image is not None:
        if image.exists() and os.path.samefile(os.fsencode(image), real):
            raise click.UsageError("--image must not name the photo itself")
        from ..decode import Limits
        from ..sheet.drawing import draw_photo

        try:
            draw_photo(
                real,
                [tag for tag in photo.tags if tag.shown and tag.kind != "object"],
                photo.detections,
                image,
                Limits(config.decode.max_megapixels * 1_000_000, config.decode.max_file_mib << 20),
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise click.UsageError(f"{image}: cannot be written: {reason}") from None
        click.echo(f"boxes drawn into {image}", err=True)
    return 0
