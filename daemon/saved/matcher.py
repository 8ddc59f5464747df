"""Compares the saved searches with the catalog whenever that has changed, on a thread of its own.

What differs goes to the thread that writes the catalog; links follow what is written down there.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ...db.errors import CatalogError, QueryError
from ...db.reader import CatalogReader
from ...db.states import label_key
from ...models.taxonomy import load_taxonomy
from ..monitoring.status import Trouble
from ..printable import count
from .links import LinkError, LinkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ...db.errors import UnknownWord
    from ...db.records import MatchChange, SavedSearch

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
SOONEST_SECONDS: Final = 2.0  # between two rounds
REST: Final = 20  # a round is followed by so many times its length without one
AGAIN_SECONDS: Final = 10.0  # after a round that has left something open
LATEST_SECONDS: Final = 3600.0  # queries may be about time, links may have been removed by hand
MOST_AT_ONCE: Final = 2_000  # photos that come or go in one message: all else waits for it
STOP_SECONDS: Final = 10.0
HUNG_SECONDS: Final = 60.0  # a disk with links that has not answered for so long is told


@dataclass(frozen=True, slots=True)
class Compared:
    """A saved search finds other photos than are written down."""

    change: MatchChange


class Matcher:
    """The thread; its methods and ``troubles`` are for the thread that writes the catalog."""

    def __init__(self, path: bytes, put: Callable[[Compared], None]) -> None:
        self._path = path
        self._put = put
        self._woken = threading.Event()
        self._is_stopping = False
        # A dead network mount may hold it for ever; it writes nothing that must be finished.
        self._thread = threading.Thread(target=self._run, name="saved-searches", daemon=True)
        self._commanded: frozenset[str] = frozenset()
        self._seen: tuple[int, datetime.date] | None = None
        self._next = self._latest = 0.0
        self._settled: set[SavedSearch] = set()
        self.names: frozenset[str] | None = None  # of all saved searches, once it has looked
        self._linked: dict[int, tuple[bytes, int]] = {}  # which photos, in which folder's version
        self._linking: tuple[str, float] | None = None  # whose links, and since when
        self._troubles: tuple[Trouble, ...] = ()

    @property
    def troubles(self) -> list[Trouble]:
        """What keeps searches or their links from being right."""
        found, linking = list(self._troubles), self._linking
        if linking is not None and time.monotonic() - linking[1] > HUNG_SECONDS:
            reason = f"links of {linking[0]}: the disk does not answer"
            found.append(Trouble(reason, "check the mount"))
        is_started = self._thread.ident is not None
        if is_started and not self._is_stopping and not self._thread.is_alive():
            found.append(
                Trouble("saved searches are not compared any more", "see the log; restart")
            )
        return found

    def start(self, names: Collection[str]) -> None:
        """Begin; ``names`` are the searches that have commands."""
        self.use(names)
        self._thread.start()

    def use(self, names: Collection[str]) -> None:
        """Take newly loaded settings."""
        self._commanded = frozenset(label_key(name) for name in names)
        self._latest = 0.0
        self._woken.set()

    def noted(self) -> None:
        """Say that a difference has been written down: there may be more."""
        self._next = self._latest = 0.0
        self._woken.set()

    def stop(self) -> None:
        """End the thread and wait for it, unless a disk holds it."""
        self._is_stopping = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._is_stopping:
            self._woken.clear()  # all is looked at now
            try:
                with CatalogReader.open(self._path) as reader:
                    self._serve(reader)
            except CatalogError as error:
                logger.debug("saved searches wait: %s", error)
                self._woken.wait(AGAIN_SECONDS)

    def _serve(self, reader: CatalogReader) -> None:
        self._seen = None
        while not self._is_stopping:
            now = time.monotonic()
            # What is changed from here on is seen the next time.
            seen = (reader.data_version(), datetime.date.today())
            if now >= self._next and (seen != self._seen or now >= self._latest):
                self._seen = seen
                # Before the round: it may be told meanwhile that there is more.
                self._latest = now + LATEST_SECONDS
                is_open = self._compare_all(reader)
                took = time.monotonic() - now
                self._rest(took, is_open=is_open)
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()

    def _rest(self, took: float, *, is_open: bool) -> None:
        if self._woken.is_set():
            return
        now = time.monotonic()
        self._next = now + max(SOONEST_SECONDS, took * REST)
        if is_open:
            self._latest = now + AGAIN_SECONDS

    def _compare_all(self, reader: CatalogReader) -> bool:
        """Do one round; tell whether something is left to do."""
        troubles: list[Trouble] = []
        is_open = False
        searches = reader.saved_searches()
        self.names = frozenset(label_key(search.name) for search in searches)
        for search in searches:
            if self._is_stopping:
                return False
            is_open |= self._compare(reader, search, troubles)
            if search.link_dir is not None and replace(search, is_armed=False) in self._settled:
                self._keep_links(reader, search, search.link_dir, troubles)
        self._troubles = tuple(troubles)
        return is_open or bool(troubles)

    def _compare(self, reader: CatalogReader, search: SavedSearch, troubles: list[Trouble]) -> bool:
        try:
            change = reader.match_change(
                search, MOST_AT_ONCE, resolve=load_taxonomy().resolve, unknown=pass_over
            )
        except QueryError as error:
            remedy = f"save it anew with --replace, or phototag saved --delete {search.name}"
            troubles.append(Trouble(f"saved search {search.name}: {error}", remedy))
            return False
        is_commanded = label_key(search.name) in self._commanded
        is_open = bool(change.found or change.lost or search.is_armed != is_commanded)
        if is_open:
            self._put(Compared(change))
        if not change.found and not change.lost:
            # Until all is written down, links that `save` has made would go and come again.
            self._settled.add(replace(search, is_armed=False))
        return is_open

    def _keep_links(
        self, reader: CatalogReader, search: SavedSearch, folder: bytes, troubles: list[Trouble]
    ) -> None:
        self._linking = (search.name, time.monotonic())
        try:
            with LinkFolder(folder, search.name) as links:
                # Under the lock: who deletes a search takes its row away before its links.
                known = reader.saved_search(search.name)
                if known is not None and (known.id, known.link_dir) == (search.id, folder):
                    self._update_links(links, reader, search, troubles)
        except LinkError as error:
            reason = f"links of {search.name}: {error.place}: {error.reason}"
            troubles.append(Trouble(reason, error.remedy))
        finally:
            self._linking = None

    def _update_links(
        self, links: LinkFolder, reader: CatalogReader, search: SavedSearch, troubles: list[Trouble]
    ) -> None:
        paths = list(reader.match_paths(search))
        digest = hashlib.blake2b(b"\0".join(paths)).digest()
        if self._linked.get(search.id) == (digest, links.version):
            return  # a folder of many links takes seconds to be looked through
        links.take()
        change = links.update(paths)
        if change.made or change.removed:
            logger.info(
                "links of %s: %d made, %d removed", search.name, change.made, change.removed
            )
        if not change.unfit:
            self._linked[search.id] = (digest, links.version)
            return
        unfit = count(change.unfit, "photo")
        reason = f"links of {search.name}: the names of {unfit} cannot be there"
        troubles.append(Trouble(reason, "choose a folder on another disk"))


def pass_over(_error: UnknownWord, _is_negated: bool) -> None:
    """Let a saved search go on with what no photo has yet, or any more: that finds no photo."""
