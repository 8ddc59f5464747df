"""The orders of a result, and what comes behind a photo in each of them."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Sort(StrEnum):
    """The orders of a result.

    Photos that are equally sure, or in `-size` equally large, come newest first; in `size` oldest
    first, so that the one is the other turned round.
    """

    NEWEST = "newest"
    OLDEST = "oldest"
    CONFIDENCE = "confidence"
    PATH = "path"
    PATH_BACK = "-path"
    SIZE = "size"
    SIZE_BACK = "-size"
    RANDOM = "random"


NAMED: Final = MappingProxyType(
    {"date": Sort.OLDEST, "-date": Sort.NEWEST, "conf": Sort.CONFIDENCE}
)
"""What `sort:` calls otherwise."""

BY_DATE: Final = (Sort.NEWEST, Sort.OLDEST)

TURN: Final = (
    "CASE WHEN {p}.fingerprint IS NULL THEN 2 WHEN {p}.fingerprint < :start THEN 1 ELSE 0 END"
)
ORDERS: Final = MappingProxyType(
    {
        Sort.NEWEST: "{t} DESC, {id} DESC",
        Sort.OLDEST: "{t}, {id}",
        Sort.CONFIDENCE: "{score} DESC, {t} DESC, {id} DESC",
        Sort.PATH: "r.path, f.relpath, {p}.name",
        Sort.PATH_BACK: "r.path DESC, f.relpath DESC, {p}.name DESC",
        Sort.SIZE: "{p}.size, {t}, {id}",
        Sort.SIZE_BACK: "{p}.size DESC, {t} DESC, {id} DESC",
        Sort.RANDOM: f"{TURN}, {{p}}.fingerprint, {{id}}",
    }
)
_NEWEST_AFTER: Final = "{t} <= :after_date AND ({t} < :after_date OR {id} < :after_id)"
_OLDEST_AFTER: Final = "{t} >= :after_date AND ({t} > :after_date OR {id} > :after_id)"
# The first part of each is what an index can begin at.
AFTER: Final = MappingProxyType(
    {
        Sort.NEWEST: _NEWEST_AFTER,
        Sort.OLDEST: _OLDEST_AFTER,
        Sort.CONFIDENCE: "{score} <= :after_score AND"
        f" ({{score}} < :after_score OR ({_NEWEST_AFTER}))",
        Sort.PATH: "(r.path, f.relpath, {p}.name) > (:after_root, :after_folder, :after_name)",
        Sort.PATH_BACK: "(r.path, f.relpath, {p}.name) < (:after_root, :after_folder, :after_name)",
        Sort.SIZE: f"{{p}}.size >= :after_size AND ({{p}}.size > :after_size OR ({_OLDEST_AFTER}))",
        Sort.SIZE_BACK: "{p}.size <= :after_size AND"
        f" ({{p}}.size < :after_size OR ({_NEWEST_AFTER}))",
        Sort.RANDOM: f"({TURN} > :after_turn OR ({TURN} = :after_turn AND"
        " (coalesce({p}.fingerprint, :nothing) > :after_mark"
        " OR (coalesce({p}.fingerprint, :nothing) = :after_mark AND {id} > :after_id))))",
    }
)
