"""Questions about tags, evidence, verdicts and sets of models, in plain SQL; see `reader`."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..models.results import Analysis, ModelVersion, Tag
from .evidence import join as join_parts
from .evidence import unpack
from .paths import join
from .records import JudgedPicture, ModelSet, UncertainTag, Verdict
from .states import KIND_BITS, PhotoState, VerdictKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .search import CompiledSearch

    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
    Sets: TypeAlias = dict[int, tuple[ModelVersion, ...]]

COPIES: Final = 4  # of one picture, that a list of uncertain tags is prepared for

_TAG: Final = "l.name, t.confidence, t.kind, t.rule, t.threshold, o.name, t.shown"
TAGS: Final = (
    f"WITH hit AS ({{hits}}) SELECT hit.photo_id, {_TAG}"
    " FROM hit CROSS JOIN photo_tag t CROSS JOIN label l LEFT JOIN label o ON o.id = t.refines_id"
    " WHERE t.photo_id = hit.photo_id AND l.id = t.label_id"
    " ORDER BY hit.photo_id, t.confidence DESC, t.kind = 'parent', t.shown DESC, l.name"
)
# Nothing is looked up for the tags of all photos; what was judged drops out of the nearest ones.
UNCERTAIN: Final = (
    f"WITH hit AS ({{hits}}) SELECT p.id, r.path, f.relpath, p.name, p.fingerprint, {_TAG}"
    " FROM (SELECT t.* FROM hit CROSS JOIN photo_tag t WHERE t.photo_id = hit.photo_id"
    " AND t.shown = 1 ORDER BY abs(t.confidence - t.threshold), t.photo_id, t.label_id"
    " LIMIT :most) AS t JOIN photo p ON p.id = t.photo_id JOIN folder f ON f.id = p.folder_id"
    " JOIN root r ON r.id = f.root_id JOIN label l ON l.id = t.label_id"
    " LEFT JOIN label o ON o.id = t.refines_id WHERE p.fingerprint IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM verdict v WHERE v.fingerprint = p.fingerprint AND v.key = l.key)"
    " ORDER BY abs(t.confidence - t.threshold), t.photo_id, t.label_id"
)
VERDICTS: Final = "SELECT name, kind, at FROM verdict WHERE fingerprint = :mark ORDER BY key"
ALL_VERDICTS: Final = (
    "SELECT v.fingerprint, v.name, v.kind, v.at, (SELECT min(p.id) FROM photo p"
    f" WHERE p.fingerprint = v.fingerprint AND p.state = '{PhotoState.DONE}'"
    " AND EXISTS (SELECT 1 FROM evidence e WHERE e.photo_id = p.id))"
    " FROM verdict v ORDER BY v.key, v.at, v.fingerprint"
)
EVIDENCE: Final = (
    "SELECT p.set_id, e.model_id, e.data FROM photo p CROSS JOIN evidence e"
    " WHERE p.id = :photo AND e.photo_id = p.id"
)
IN_FORCE: Final = "SELECT set_id, count(*) FROM photo WHERE set_id IS NOT NULL GROUP BY set_id"
ASIDE: Final = (
    "SELECT set_id, count(*) FROM reading_aside WHERE replaced_by IS {kind}NULL GROUP BY set_id"
)


def tag(*values: Any) -> Tag:
    """Make a tag of the columns that `TAGS` asks for."""
    name, confidence, kind, rule, threshold, refines, shown = values
    return Tag(name, confidence, kind, rule, threshold, refines=refines, shown=bool(shown))


def kinds_of(bits: int) -> tuple[str, ...]:
    """Give the kinds of tags that a label's number sums up."""
    return tuple(kind for kind, bit in KIND_BITS.items() if bits & bit)


def uncertain(execute: Execute, search: CompiledSearch, limit: int) -> list[UncertainTag]:
    """Give the tags of a search's photos that are nearest to their thresholds, each picture once.

    Of pictures with very many copies there may be less than the limit.
    """
    ((judged,),) = execute("SELECT count(*) FROM verdict", {})
    asked = search.parameters | {"most": (limit + judged) * COPIES}
    found: dict[tuple[bytes, str], UncertainTag] = {}
    for photo_id, root, relpath, name, mark, *columns in execute(
        UNCERTAIN.format(hits=search.hits), asked
    ):
        path = join(bytes(root), bytes(relpath), bytes(name))
        one = UncertainTag(photo_id, path, bytes(mark), tag(*columns))
        found.setdefault((one.fingerprint, one.tag.name), one)
    return list(found.values())[:limit]


def verdicts(execute: Execute, fingerprint: bytes) -> tuple[Verdict, ...]:
    """Give what people said of a picture, by name."""
    rows = execute(VERDICTS, {"mark": fingerprint})
    return tuple(Verdict(name, VerdictKind(kind), at) for name, kind, at in rows)


def all_verdicts(execute: Execute) -> list[JudgedPicture]:
    """Give all verdicts by name, the oldest first."""
    return [
        JudgedPicture(bytes(mark), Verdict(name, VerdictKind(kind), at), photo_id)
        for mark, name, kind, at, photo_id in execute(ALL_VERDICTS, {})
    ]


def evidence(execute: Execute, photo_id: int) -> Analysis | None:
    """Give what the models in force said of a photo."""
    rows = execute(EVIDENCE, {"photo": photo_id})
    if not rows:
        return None
    data = {model_id: bytes(blob) for _, model_id, blob in rows}
    set_id: int | None = rows[0][0]
    ((models,),) = execute("SELECT models FROM model_set WHERE id = :set", {"set": set_id})
    versions = _versions(execute)
    names: dict[int, str] = dict(execute("SELECT id, name FROM label", {}))
    parts = [unpack(data[key], versions[key], names) for key in json.loads(models) if key in data]
    return join_parts(parts) if parts else None


def sets(execute: Execute) -> Sets:
    """Give the models of all sets by the sets' ids."""
    versions = _versions(execute)
    return {
        set_id: _members(models, versions)
        for set_id, models in execute("SELECT id, models FROM model_set", {})
    }


def model_sets(execute: Execute) -> list[ModelSet]:
    """Give the sets of models that there are, the one of the most readings in force first."""
    switched: dict[int, int | None] = dict(execute("SELECT id, switched_at FROM model_set", {}))
    photos: dict[int, int] = dict(execute(IN_FORCE, {}))
    staged: dict[int, int] = dict(execute(ASIDE.format(kind=""), {}))
    former: dict[int, int] = dict(execute(ASIDE.format(kind="NOT "), {}))
    found = [
        ModelSet(models, photos.get(key, 0), staged.get(key, 0), former.get(key, 0), switched[key])
        for key, models in sets(execute).items()
    ]
    return sorted(found, key=lambda one: (-one.photos, -one.staged))


def _versions(execute: Execute) -> dict[int, ModelVersion]:
    rows = execute("SELECT id, name, digest FROM model", {})
    return {model_id: ModelVersion(name, digest) for model_id, name, digest in rows}


def _members(models: str, versions: dict[int, ModelVersion]) -> tuple[ModelVersion, ...]:
    members = [versions[key] for key in json.loads(models)]
    return tuple(sorted(members, key=lambda version: version.name))
