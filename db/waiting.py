"""Photos that wait for their analysis, or to be looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import queue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..models.results import ModelVersion
    from .names import Names
    from .records import PendingPhoto
    from .transaction import Transactions


class Waiting:
    """The queue of the photos that wait; belongs to its `Catalog`."""

    def __init__(self, transactions: Transactions, names: Names) -> None:
        self._transactions = transactions
        self._names = names

    def next_pending(self, limit: int, exclude: Collection[int] = ()) -> list[PendingPhoto]:
        """Give photos that wait, those observed one by one first, then the newest.

        Left out are those in `exclude` and those whose root cannot be read.
        """
        with self._transactions.begin() as connection:
            return queue.next_pending(connection, limit, exclude)

    def requeue_due(self, now: int) -> int:
        """Queue the failed photos that have rested long enough, and count them."""
        with self._transactions.begin() as connection:
            return queue.requeue_due(connection, now)

    def next_retry_at(self) -> int | None:
        """Give the time at which the next failed photo has rested long enough."""
        with self._transactions.begin() as connection:
            return queue.next_retry_at(connection)

    def retry(self, ids: Collection[int] | None = None) -> int:
        """Queue failed, dead and unsupported photos as if they were new, and count them.

        None means all of them.
        """
        if ids is None:
            with self._transactions.begin() as connection:
                return queue.retry(connection, None)
        return self._transactions.in_chunks(ids, queue.retry)

    def requeue_unsupported(self, readers: Mapping[str, str]) -> int:
        """Queue the photos that no library could read if one of these is new; count them.

        `readers` are the libraries that are there now, with their versions. They are remembered:
        the photos are queued once, whatever comes of it. Where the one that finds places is new,
        `next_outdated` gives the photos whose position has none.
        """
        with self._transactions.begin() as connection:
            return queue.requeue_unsupported(connection, readers)

    def next_outdated(
        self, models: Collection[ModelVersion], before: int | None = None, limit: int = 100
    ) -> tuple[list[PendingPhoto], int | None]:
        """Give done photos that are to be looked at again, those that came last first.

        One of these models has not seen them, or an earlier metadata reader has read them. Looks
        at the next `limit` photos and gives the id to go on before, None at the end.
        """
        with self._transactions.begin() as connection:
            model_ids = set(self._names.models(connection, models).values())
            return queue.next_outdated(connection, model_ids, before, limit)
