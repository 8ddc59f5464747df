"""Which done photos are to be looked at once more, when nothing new waits: newest first.

They are those that the wanted models have not seen: after a change of models, or because the
thorough pass comes after the quick one. They stay done, and are found, until the new result
replaces the old one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..db.catalog import Catalog
    from ..db.records import PendingPhoto
    from ..models.results import ModelVersion

AT_ONCE: Final = 500  # photos at a look; most of them are up to date
MOST_WAITING: Final = 1000


class SecondPass:
    """The photos to look at again; belongs to the thread that writes the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._models: tuple[ModelVersion, ...] = ()
        self._fresh: deque[PendingPhoto] = deque()
        self._found: deque[PendingPhoto] = deque()
        self._hopeless: set[int] = set()
        self._before: int | None = None
        self._is_done = True

    def want(self, models: tuple[ModelVersion, ...]) -> None:
        """Look for photos that these models have not all seen, from the newest on."""
        if models != self._models:
            self._models, self._before, self._is_done = models, None, not models
            self._found.clear()

    def add(self, photo: PendingPhoto, models: Collection[ModelVersion]) -> None:
        """Note a photo that these models have just seen."""
        if not set(self._models) <= set(models):
            self._fresh.append(photo)
            if len(self._fresh) == MOST_WAITING:
                self.walk_again()

    def walk_again(self) -> None:
        """Begin anew with all photos: some on their way are lost, or they are too many."""
        self._fresh.clear()
        self._found.clear()
        self._before, self._is_done = None, not self._models

    def leave(self, photo_id: int) -> None:
        """Leave a photo alone for this run: looking at it failed, or may have killed the child."""
        self._hopeless.add(photo_id)

    def take(self, number: int, exclude: Collection[int]) -> list[PendingPhoto]:
        """Return up to so many photos, those that came last first."""
        taken: list[PendingPhoto] = []
        while len(taken) < number and (photo := self._next()) is not None:
            if photo.id not in exclude and photo.id not in self._hopeless:
                taken.append(photo)
        return taken

    def _next(self) -> PendingPhoto | None:
        if self._fresh:
            return self._fresh.pop()
        if not self._found and not self._is_done:
            found, last = self._catalog.queue.next_outdated(self._models, self._before, AT_ONCE)
            self._found.extend(found)
            self._before, self._is_done = last, last is None
        return self._found.popleft() if self._found else None
