"""Results as paths, tables, texts, JSON, CSV, COCO; where they came from is not known here."""

from .documents import photo_to_dict, row_to_dict
from .one_photo import print_photo
from .phrases import describe_outcome
from .streams import (
    print_json,
    print_paths,
    print_records,
    print_rows,
    write_csv,
    write_json,
    write_ndjson,
)
from .tables import print_long, print_table

__all__ = [
    "describe_outcome",
    "photo_to_dict",
    "print_json",
    "print_long",
    "print_paths",
    "print_photo",
    "print_records",
    "print_rows",
    "print_table",
    "row_to_dict",
    "write_csv",
    "write_json",
    "write_ndjson",
]
