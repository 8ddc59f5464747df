"""What a pasted report must not tell: people, photos, the folders inside the photo folders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototagd.daemon.doctor.hiding import Hider, without_names

ROOTS = (b"/home/anna/Pictures", b"/srv/photos", b"/srv/photos/scans")
hider = Hider(ROOTS, ["/home/anna"], ["anna", "ben"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("settings file /home/anna/.config/phototagd/config.toml", None),
        ("/home/anna/Pictures: ext4", "~/Pictures: ext4"),
        ("/home/anna/Pictures/Wedding/IMG 1.jpg: cut off", "~/Pictures/...: cut off"),
        ("/srv/photos/Eva & I; x.jpg: odd", "/srv/photos/...: odd"),
        ("/srv/photos/scans: ext4", "/srv/photos/scans: ext4"),
        ("/srv/photos/scans is suspect: why: so", "/srv/photos/...: so"),
        ("/srv/photos/scans: suspect: why", "/srv/photos/scans: suspect: why"),
        ("/srv/photos/scans/passport.tif: big", "/srv/photos/scans/...: big"),
        ("/media/ben/Disk is offline", "/media/USER/Disk is offline"),
        ("/home/carla/x and /var/home/carla", "/home/USER/x and /var/home/USER"),
        ("/mnt/annabelle/anna.db", "/mnt/annabelle/anna.db"),
        ("/home/annabelle/x", "/home/USER/x"),
        ("/etc/phototagd/anna.toml: bad", "/etc/phototagd/USER.toml: bad"),
        ("two\nlines \x1b[31m", "two lines \\x1b[31m"),
    ],
)
def test_names_are_taken_out_of_paths(text: str, shown: str | None) -> None:
    expected = "settings file ~/.config/phototagd/config.toml" if shown is None else shown

    assert hider.hide(text) == expected


def test_a_root_is_known_again_in_the_way_that_errors_write_it() -> None:
    root = "/srv/Müllers".encode()
    error = FileNotFoundError(2, "No such file", root + b"/Eva/x.jpg")

    hidden = Hider([root], [], []).hide(f"{error}")

    assert "Eva" not in hidden
    assert hidden.endswith("llers/...")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("label 'anna' counts 7 photos, it has 1", "label ... counts 7 photos, it has 1"),
        ("saved search anna: no label 'ben'", "saved search NAME: no label ..."),
        ("links of anna: /srv/eva: Permission denied", "links of NAME: Permission denied"),
        ("links of anna: the disk does not answer", "links of NAME: the disk does not answer"),
        ("on_match.anna: it ended with 1", "on_match.NAME: it ended with 1"),
        ("phototag saved --delete anna", "phototag saved --delete NAME"),
        ("log.level: must be a text, not {'anna'}", "log.level: must be a text, not {...}"),
        ("the catalog's log: it's long", "the catalog's log: it's long"),
    ],
)
def test_what_is_quoted_and_saved_searches_are_not_told(text: str, shown: str) -> None:
    assert without_names(text) == shown


@given(st.lists(st.text(st.characters(exclude_characters=":;,/\0\n"), min_size=1), min_size=1))
def test_nothing_inside_a_root_is_told(parts: list[str]) -> None:
    inside = "/".join(f"X{part}Y" for part in parts)

    hidden = hider.hide(f"/srv/photos/{inside}: the disk does not answer")

    assert hidden == "/srv/photos/...: the disk does not answer"
