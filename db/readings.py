"""What is believed of photos, made again: by other rules, or because a person has spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import evidenced, recording, tag_queue, verdicts
from .transaction import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..models.results import Reading
    from .names import Names
    from .records import Evidenced, Verdict
    from .states import VerdictKind
    from .transaction import Transactions


class Readings:
    """Readings of evidence that is there, and the verdicts they obey; belongs to its `Catalog`."""

    def __init__(self, transactions: Transactions, names: Names, now: Callable[[], int]) -> None:
        self._transactions = transactions
        self._names = names
        self._now = now

    def next_to_refuse(self, rules: str, after: int = 0, limit: int = 100) -> list[Evidenced]:
        """Give done photos whose reading other rules have made, with ids behind `after`.

        They come in the order of their ids; photos without evidence are left out.
        """
        with self._transactions.begin() as connection:
            return evidenced.next_to_refuse(connection, rules, after, limit)

    def count_to_refuse(self, rules: str) -> int:
        """Count the photos that `next_to_refuse` gives; looks at all photos."""
        with self._transactions.begin() as connection:
            return evidenced.count_to_refuse(connection, rules)

    def evidenced(self, ids: Collection[int]) -> list[Evidenced]:
        """Give those of these photos that have evidence, in the order of their ids."""
        found: list[Evidenced] = []
        for some in chunks(sorted(ids)):
            with self._transactions.begin() as connection:
                found += evidenced.evidenced(connection, some)
        return found

    def replace(
        self, photo: Evidenced, reading: Reading, *, rules: str, queue_tags: bool = False
    ) -> bool:
        """Store what is believed of this evidence and these verdicts.

        False, and nothing is stored, where the photo has others by now. Raises PhotoUnknown.
        """
        with self._transactions.begin() as connection:
            is_replaced = recording.replace_reading(
                connection, self._names, photo, reading, rules=rules
            )
            if is_replaced and queue_tags:  # behind the photos that are new
                tag_queue.queue_many(connection, [photo.photo_id], self._now())
        return is_replaced

    def set_verdict(
        self, fingerprint: bytes, name: str, kind: VerdictKind | None
    ) -> tuple[int, ...]:
        """Write down what a person says of a name and a picture; None takes it back.

        Gives the ids of the photos of that picture. Their readings stay as they are, until
        `replace` makes them obey; `next_to_refuse` gives them, too.
        """
        now = self._now()
        with self._transactions.begin() as connection:
            return verdicts.set_verdict(connection, fingerprint, name, kind, now)

    def verdicts(self, fingerprint: bytes) -> tuple[Verdict, ...]:
        """Give what people said of a picture, by name."""
        with self._transactions.begin() as connection:
            return verdicts.verdicts_of(connection, [fingerprint]).get(fingerprint, ())
