"""What units say, read back."""

from __future__ import annotations

import pytest

from phototagd.daemon.doctor.daemon import installed_at, started_program
from phototagd.daemon.systemd.units import fill_unit, shipped


@pytest.mark.parametrize("program", ["/usr/bin/phototagd", "/home/me/100% mine/phototagd"])
def test_the_program_that_a_unit_starts_is_read_back(program: str) -> None:
    unit = fill_unit(shipped(is_user=True), [program, "--config", "/x.toml"], None, None)

    assert started_program(unit) == program


def test_a_unit_without_a_program_starts_none() -> None:
    assert started_program("[Service]\nNice=1\n") is None


def test_the_program_was_installed_some_day() -> None:
    assert installed_at() > 1_700_000_000
