"""The owner's word on a picture: which name it means, and making the readings obey it.

A verdict belongs to the picture, not to a file: it holds for every copy, and whatever is renamed,
edited or analysed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..db.errors import PhotoUnknown
from ..db.states import VerdictKind, label_key
from ..models.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..db.catalog import Catalog
    from ..db.reader import CatalogReader
    from ..db.records import Evidenced, PhotoRecord, Verdict
    from .fusing import Fuser

AT_ONCE = 100


class LabelUnclear(Exception):
    """A word that means no name, or several; `names` are those that it may mean."""

    def __init__(self, word: str, names: tuple[str, ...], *, is_known: bool) -> None:
        super().__init__(word, names, is_known)
        self.word, self.names, self.is_known = word, names, is_known

    def __str__(self) -> str:
        names = " or ".join(self.names)
        if self.is_known:
            return f"{self.word!r} means {names}: name one of them"
        return f"no label is called {self.word!r}" + (f"; did you mean {names}?" if names else "")


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that was given: what was said of these names before, to take it back.

    `photos` counts the picture's photos, `waiting` those of them without evidence: they follow when
    they are analysed again.
    """

    fingerprint: bytes
    name: str
    before: tuple[tuple[str, VerdictKind | None], ...]
    photos: int
    waiting: int = 0


class Judge:
    """Gives verdicts and lets the readings of all copies follow; with the catalog's writer.

    A crash between the two is mended by the next refresh: the catalog notes what is to be read
    again. With `queue_tags` the files that hold our tags follow, too.
    """

    def __init__(self, catalog: Catalog, fuser: Fuser, *, queue_tags: bool) -> None:
        self._catalog = catalog
        self._fuser = fuser
        self._queue_tags = queue_tags

    def give(self, fingerprint: bytes, name: str, kind: VerdictKind) -> Given:
        """Say what is true of a canonical name; what was said against it before is taken back.

        Who adds a husky takes back that there is no dog, and the other way round.
        """
        known = self._catalog.readings.verdicts(fingerprint)
        same = next((one.kind for one in known if one.name == name), None)
        others = [one for one in known if self._contradicts(one, name, kind)]
        said = [(name, kind), *((one.name, None) for one in others)]
        photos, renewed = self._say(fingerprint, said)
        before = ((name, same), *((one.name, one.kind) for one in others))
        return Given(fingerprint, name, before, photos, photos - renewed)

    def take_back(self, given: Given) -> int:
        """Let hold what held before a verdict; count the photos."""
        return self._say(given.fingerprint, given.before)[0]

    def drop(self, fingerprint: bytes, name: str) -> int:
        """Forget what was said of a name; count the photos."""
        return self._say(fingerprint, [(name, None)])[0]

    def renew(self, photos: Iterable[Evidenced]) -> int:
        """Read photos again by the present rules and verdicts; count those still there."""
        return sum(map(self._renew, photos))

    def renew_outdated(self) -> Iterator[int]:
        """Read all photos again that were read by other rules or verdicts; yield their numbers.

        What is interrupted goes on where it was.
        """
        after = 0
        while photos := self._catalog.readings.next_to_refuse(self._fuser.digest, after, AT_ONCE):
            yield self.renew(photos)
            after = photos[-1].photo_id

    def _renew(self, photo: Evidenced) -> bool:
        reading = self._fuser.read(photo.analysis, photo.verdicts)
        try:
            return self._catalog.readings.replace(
                photo, reading, rules=self._fuser.digest, queue_tags=self._queue_tags
            )
        except PhotoUnknown:  # the daemon has forgotten it meanwhile
            return False

    def _contradicts(self, said: Verdict, name: str, kind: VerdictKind) -> bool:
        parents_of = self._fuser.taxonomy.parents_of
        if kind == VerdictKind.REJECT:
            return said.kind != VerdictKind.REJECT and name in parents_of(said.name)
        return said.kind == VerdictKind.REJECT and said.name in parents_of(name)

    def _say(
        self, fingerprint: bytes, verdicts: Iterable[tuple[str, VerdictKind | None]]
    ) -> tuple[int, int]:
        """Write verdicts down; count the picture's photos, and those that follow at once."""
        ids: set[int] = set()
        for name, kind in verdicts:
            ids.update(self._catalog.readings.set_verdict(fingerprint, name, kind))
        return len(ids), self.renew(self._catalog.readings.evidenced(sorted(ids)))


def find_name(
    word: str, fuser: Fuser, known: Iterable[str] = (), *, may_be_new: bool = False
) -> str:
    """Return the canonical name that a word means; `known` are those that a photo has.

    They decide between several meanings. With `may_be_new` a word that means nothing is a name.
    Raises LabelUnclear.
    """
    by_key = {label_key(name): fuser.taxonomy.canonical(name) for name in known}
    renamed = {label_key(new): old for old, new in fuser.rules.rename.items()}
    plain = " ".join(word.replace("_", " ").split())
    for key in (label_key(plain), label_key(word)):
        if found := renamed.get(key) or by_key.get(key):
            return found
    meanings = fuser.taxonomy.meanings(word)
    there = tuple(name for name in meanings if name in by_key.values())
    for names in (meanings, there):
        if len(names) == 1:
            return names[0]
    if meanings:
        raise LabelUnclear(word, meanings, is_known=True)
    if may_be_new and plain:
        return plain
    raise LabelUnclear(word, _near(plain, [*by_key.values(), *fuser.taxonomy]), is_known=False)


def names_known(reader: CatalogReader, photo: PhotoRecord) -> tuple[str, ...]:
    """Return all names that somebody has said of a photo: its tags, the owner, the models.

    What models say is brought into canonical names.
    """
    canonical = load_taxonomy().canonical
    verdicts = reader.verdicts(photo.fingerprint) if photo.fingerprint else ()
    analysis = reader.evidence(photo.id)
    tags, said = [tag.name for tag in photo.tags], [one.name for one in verdicts]
    labels = [canonical(label.name) for label in analysis.labels] if analysis else []
    seen = [canonical(found.name) for found in analysis.detections] if analysis else []
    return tuple(dict.fromkeys((*tags, *said, *labels, *seen)))


def _near(word: str, names: list[str]) -> tuple[str, ...]:
    from ..db.suggest import near_names

    return near_names(word, names)
