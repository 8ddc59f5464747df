"""A process that loads all libraries which read photos and says what they cannot.

A line a format: its name, the reason why it cannot be read or nothing, and the command that brings
what is missing, if there is one; with tabs between them.
"""

from __future__ import annotations

import sys

from PIL import features

from ..errors import UnsupportedPhoto
from ..formats import FORMATS, PhotoFormat
from ..readers import load_reader

# What Pillow may have been built without, by its own names of format and feature.
FEATURES = {"JPEG": "jpg", "WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000", "PNG": "zlib"}


def main() -> None:
    """Try every format."""
    for entry in FORMATS:
        reason, remedy = find_reason(entry)
        sys.stdout.write(f"{entry.name}\t{' '.join(reason.split())}\t{remedy}\n")


def find_reason(entry: PhotoFormat) -> tuple[str, str]:
    """Return why files of a format cannot be read, and the remedy; both empty if they can."""
    try:
        load_reader(entry)
    except UnsupportedPhoto as error:
        sentence, _, command = error.reason.partition(": ")
        return sentence, command
    except ImportError as error:
        return str(error), ""
    lacking = [name for name in entry.pillow if name in FEATURES and not _has(FEATURES[name])]
    return f"this Pillow was built without {', '.join(lacking)}" if lacking else "", ""


def _has(feature: str) -> bool:
    return bool(features.check(feature))


if __name__ == "__main__":
    main()
