"""What is done to the catalog once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.config import load_config
from phototagd.daemon.housekeeping import Housekeeper
from phototagd.daemon.monitoring.status import LEAST_FREE_BYTES
from phototagd.db import upkeep
from phototagd.db.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    return bytes(tmp_path / "catalog.db")


@pytest.fixture
def housekeeper(path: bytes) -> Iterator[Housekeeper]:
    config = load_config(None, {"PHOTOTAG_CATALOG_PATH": path.decode()})
    with Catalog.open(path) as catalog:
        yield Housekeeper(catalog, config, None)  # type: ignore[arg-type]  # a backup needs none


def test_a_backup_that_would_fill_the_disk_is_not_begun_but_told(
    housekeeper: Housekeeper, path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeper, "free_bytes", lambda: LEAST_FREE_BYTES + 1)
    housekeeper._do_daily()
    housekeeper._check(is_idle=False)

    (trouble,) = housekeeper.troubles
    assert "no room for the daily backup" in trouble.reason
    assert housekeeper._backup is None

    monkeypatch.setattr(housekeeper, "free_bytes", lambda: 1 << 40)
    housekeeper._do_daily()
    housekeeper._check(is_idle=False)
    assert housekeeper.troubles == []
    assert housekeeper._backup is not None
    housekeeper._backup.join()
    assert upkeep.list_backups(path) == [path + b".bak.1"]
