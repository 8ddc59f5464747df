"""The tags in files: what of ours stands in them, and whose wait to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import ledger, tag_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .records import FileEntry, PendingPhoto, TagFile
    from .transaction import Transactions


class Tags:
    """Changes of what is known of the tags in files; belongs to its `Catalog`."""

    def __init__(self, transactions: Transactions, now: Callable[[], int]) -> None:
        self._transactions = transactions
        self._now = now

    def intend(self, photo_id: int, file: TagFile) -> None:
        """Note that a file is about to be written; raises PhotoUnknown."""
        with self._transactions.begin() as connection:
            ledger.intend(connection, photo_id, file)

    def record(
        self,
        photo_id: int,
        file: TagFile,
        entry: FileEntry | None = None,
        sidecars: tuple[int, int] | None = None,
    ) -> None:
        """Note what stands in a file now; what was intended with it is done.

        `entry` is the photo's own file where that was replaced: no walk then sees a change in it,
        and where its time has changed, so has the date of a photo that has no other. `sidecars` is
        the version of its sidecars before and after one was written, see `FileEntry`: no walk sees
        a change in them, either, unless there was one before. Raises PhotoUnknown.
        """
        with self._transactions.begin() as connection:
            ledger.record(connection, photo_id, file, entry, sidecars)

    def drop_intent(self, photo_id: int, target: str) -> None:
        """Forget a write that did not happen."""
        with self._transactions.begin() as connection:
            ledger.drop_intent(connection, photo_id, target)

    def queue(self, ids: Collection[int]) -> int:
        """Let the tags of these photos be written, behind all that wait; count the photos."""
        now = self._now()
        return self._transactions.in_chunks(
            ids, lambda connection, some: tag_queue.queue_many(connection, some, now)
        )

    def count_waiting(self) -> int:
        """Count the photos whose tags wait to be written."""
        with self._transactions.begin() as connection:
            return tag_queue.count_waiting(connection)

    def next_jobs(
        self, limit: int, exclude: Collection[int] = (), now: float | None = None
    ) -> list[PendingPhoto]:
        """Give done photos whose tags may be written now, those that wait the longest first.

        Photos whose analysis has queued them go before those that `queue` has. Left out are
        those in `exclude`, and those whose root cannot be read. `attempts` are those to write.
        """
        with self._transactions.begin() as connection:
            return tag_queue.next_jobs(
                connection, limit, exclude, self._now() if now is None else now
            )

    def next_job_at(self) -> int | None:
        """Give the time from which `next_jobs` finds something; it may have passed."""
        with self._transactions.begin() as connection:
            return tag_queue.next_at(connection)

    def put_off(self, photo_id: int, until: float) -> None:
        """Let a photo's tags wait until a time, and count the attempt."""
        with self._transactions.begin() as connection:
            tag_queue.put_off(connection, photo_id, until)

    def end_rests(self) -> None:
        """Let all photos that were put off be written now, as if they were new to the queue."""
        with self._transactions.begin() as connection:
            tag_queue.end_rests(connection, self._now())

    def finish(self, photo_id: int) -> None:
        """Take a photo out of the queue of those whose tags wait."""
        with self._transactions.begin() as connection:
            tag_queue.finish(connection, photo_id)
