"""A library that changes at random: whatever happens, the catalog's counts and hints are right."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest
from catalog_samples import (
    entry,
    facts,
    miscounted_keywords,
    miscounted_labels,
    miscounted_things,
    random_analysis,
    rows,
    take_in,
)

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.records import Metadata, Place
from phototagd.db.states import PhotoState

LISBON = Place("PT", "Portugal", "Lisboa", "Lisbon")
CAMERAS = (None, "X100", "EOS", "x100")
PLACES = (
    None,
    LISBON,
    Place("PT", "Portugal", "Norte", "Porto"),
    Place("PT", "Portugal", None, "Lisbon"),
    Place("BR", "Brasil", "Lisboa"),
    Place("MC", "Monaco"),
)


def random_facts(chance):
    seconds = chance.randrange(1000, 1020)
    words = [name for name in ("a", "b", "c") if chance.random() < 0.3]
    written = Metadata(
        taken_at=chance.choice((None, 5, 1_600_000_000)),
        taken_source="camera",
        model=chance.choice(CAMERAS),
        lens=chance.choice(("", None, "50mm", "35mm")),
        place=chance.choice(PLACES),
        title=chance.choice((None, "t")),
    )
    mark = chance.choice((b"one", b"two", b"three", None))
    return replace(facts(seconds=seconds, fingerprint=mark, keywords=words), metadata=written)


NAMES = [b"%d.%s" % (n // 3, suffix) for n in range(12) for suffix in (b"jpg", b"png", b"dng")]
PAIRS = (
    "SELECT r.id, r.pair_id, (SELECT o.id FROM photo o WHERE o.folder_id = r.folder_id"
    " AND o.suffix <> 'dng' AND substr(o.name, 1, length(o.name) - 4)"
    " = substr(r.name, 1, length(r.name) - 4) ORDER BY o.name LIMIT 1)"
    " FROM photo r WHERE r.suffix = 'dng'"
)


class Life:
    """A catalog with a library that changes at random, every step as the daemon takes it."""

    def __init__(self, catalog, chance):
        self.catalog, self.chance = catalog, chance
        self.root = catalog.add_root(b"/photos").id
        self.files = {b"": {}, b"x": {}}
        self.inodes = iter(range(1, 10**6))

    def step(self):
        self.chance.choice(
            (
                self.come,
                self.come,
                self.move,
                self.leave,
                self.read,
                self.copy,
                self.fail,
                self.purge,
            )
        )()
        self.walk()

    def come(self):
        folder = self.files[self.chance.choice((b"", b"x"))]
        name = self.chance.choice(NAMES)
        folder[name] = replace_entry(entry(name), next(self.inodes), self.chance.randrange(2))

    def move(self):
        old, new = (self.files[self.chance.choice((b"", b"x"))] for _ in range(2))
        if old:
            moved = old.pop(self.chance.choice(sorted(old)))
            name = self.chance.choice(NAMES)
            new[name] = moved._replace(name=name)

    def leave(self):
        folder = self.files[self.chance.choice((b"", b"x"))]
        if folder:
            folder.pop(self.chance.choice(sorted(folder)))

    def walk(self):
        gone = []
        for relpath, folder in self.files.items():
            change = self.catalog.reconcile_folder(
                self.root, relpath, list(folder.values()), is_gone=self.is_gone
            )
            gone += change.gone
        paths = self.catalog.photo_paths(gone)
        self.catalog.mark_missing([photo for photo in gone if self.is_gone(paths[photo])])

    def is_gone(self, path):
        folder, name = os.path.split(path)
        return name not in self.files[os.path.relpath(folder, b"/photos").strip(b".")]

    def ids(self):
        return [photo for (photo,) in rows(self.catalog._transactions.path, "SELECT id FROM photo")]

    def any_photo(self):
        ids = self.ids()
        return self.chance.choice(ids) if ids else None

    def read(self):
        photo = self.any_photo()
        if photo is not None:
            take_in(self.catalog, photo, random_facts(self.chance), random_analysis(self.chance))

    def copy(self):
        done = "SELECT id FROM photo WHERE set_id IS NOT NULL"
        sources = [one for (one,) in rows(self.catalog._transactions.path, done)]
        photo = self.any_photo()
        if sources:
            source = self.chance.choice([*sources, photo if photo in sources else sources[0]])
            self.catalog.record_copy(photo, random_facts(self.chance), source)

    def fail(self):
        photo = self.any_photo()
        if photo is not None:
            self.catalog.record_failure(photo, None, "no reason", PhotoState.FAILED)

    def purge(self):
        if self.chance.random() < 0.3:
            self.catalog.purge_missing(before=2**40)


def replace_entry(known, inode, sidecar):
    return known._replace(inode=inode, sidecar=sidecar)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_count_date_flag_and_pair_is_right(tmp_path, seed):
    path = os.fsencode(tmp_path / "catalog.db")
    with Catalog.open(path) as catalog:
        life = Life(catalog, random.Random(seed))  # noqa: S311
        pairs = 0
        for _ in range(150):
            life.step()
            assert miscounted_things(path) == []
            assert miscounted_labels(path) == []
            assert miscounted_keywords(path) == []
            found = rows(path, PAIRS)
            pairs += sum(is_pair for _, _, is_pair in found if is_pair)
            assert [(one, pair) for one, pair, _ in found] == [
                (one, pair) for one, _, pair in found
            ]
        assert pairs > 0
        alone = "SELECT photo_id FROM photo_detail WHERE photo_id NOT IN (SELECT id FROM photo)"
        assert rows(path, alone) == []
        flags = (
            "SELECT id FROM photo p WHERE set_id IS NOT NULL AND untagged"
            " = EXISTS (SELECT 1 FROM sighting s WHERE s.photo_id = p.id)"
        )
        assert rows(path, flags) == []
        twins = (
            "SELECT id FROM photo p WHERE state = 'done' AND twin = 0 AND EXISTS"
            " (SELECT 1 FROM photo o WHERE o.fingerprint = p.fingerprint AND o.id <> p.id"
            " AND o.state = 'done')"
        )
        assert rows(path, twins) == []
        assert upkeep.check(path) == []
