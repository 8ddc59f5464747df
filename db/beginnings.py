"""Names that begin as somebody has begun to type, for a shell to complete: quick and read-only."""

from __future__ import annotations

import os
import re
from contextlib import closing
from typing import Final

from .opening import open_for_reading
from .states import label_key, text_key

MOST: Final = 40
TABLES: Final = {
    "label": "SELECT key FROM label WHERE key >= :low AND key < :high AND n > 0",
    "keyword": "SELECT key FROM keyword WHERE key >= :low AND key < :high AND n > 0",
    "place": "SELECT DISTINCT key FROM place WHERE key >= :low AND key < :high AND n > 0",
    "saved": "SELECT key FROM saved_search WHERE key >= :low AND key < :high",
    "camera": "SELECT key FROM camera WHERE n > 0",
    "lens": "SELECT key FROM lens WHERE n > 0",
    "model": "SELECT DISTINCT name FROM model WHERE digest <> '' AND name >= :low AND name < :high",
}
BY_TEXT_KEY: Final = ("place", "camera", "lens")
BY_ANY_WORD: Final = ("camera", "lens")
_WORD_STARTS: Final = re.compile(r"(?<![^\W_])\w")


def names_beginning(path: bytes | str, kind: str, text: str) -> list[str]:
    """Give names of a kind of `TABLES` that begin so, in the form in which they are compared.

    Of cameras and lenses what stands from the start of any word. Raises CatalogError, or
    sqlite3.Error where the catalog is not as it should be.
    """
    begun = text_key(text) if kind in BY_TEXT_KEY else label_key(text)
    if text[-1:].isspace():
        begun = begun.rstrip() + " "
    asked = {"low": begun, "high": begun + "\U0010ffff"}
    limit = "" if kind in BY_ANY_WORD else f" LIMIT {MOST}"
    with closing(open_for_reading(os.path.abspath(os.fsencode(path)))) as connection:
        rows = connection.execute(TABLES[kind] + " ORDER BY 1" + limit, asked).fetchall()
    names = [name for (name,) in rows]
    if kind in BY_ANY_WORD:
        names = [tail for name in names for tail in _tails(name) if tail.startswith(begun)]
    return sorted(set(names))[:MOST]


def _tails(name: str) -> list[str]:
    return [name[found.start() :] for found in _WORD_STARTS.finditer(name)]
