"""Which photos the arguments of a verb mean: real catalogs, and photos that nobody analyses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import pytest
from catalog_samples import add_photos, analysis, facts, take_in

from phototagd.daemon.cli import Ended, Settings, phototag
from phototagd.daemon.cli.choose import choose_photos
from phototagd.db.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

THINGS = {b"banana/h.jpg": "dog", b"dog/b.jpg": "banana", b"100% off/b.jpg": "banana"}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with folders that are called as what is on photos of others."""
    library = tmp_path / "photos"
    path = tmp_path / "catalog.db"
    monkeypatch.setenv("PHOTOTAG_CATALOG_PATH", str(path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Catalog.open(os.fsencode(path)) as catalog:
        for name, thing in THINGS.items():
            place = library / os.fsdecode(name)
            place.parent.mkdir(parents=True)
            place.touch()
            folder, base = os.path.split(name)
            (photo,) = add_photos(catalog, [base], os.fsencode(library), folder)
            known = facts(fingerprint=name)
            take_in(catalog, photo, known, analysis(**{thing: [0.9]}))
    monkeypatch.chdir(library)
    return library


def chosen(library: Path, *what: str) -> set[bytes]:
    found = choose_photos(Settings(None), what, analyze=False)
    assert not found.others
    return {os.path.relpath(photo.path, os.fsencode(library)) for photo in found.photos}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ((), {*THINGS}),
        (("path:dog/*",), {b"dog/b.jpg"}),
        (("banana path:100*/*",), {b"100% off/b.jpg"}),
        (("(banana)", "-path:dog/*"), {b"100% off/b.jpg"}),
        (('"banana"', ' -path:"100% off/*"'), {b"dog/b.jpg"}),
        (("(path:dog/* OR dog)",), {b"dog/b.jpg", b"banana/h.jpg"}),
    ],
)
def test_a_slash_in_a_query_makes_no_path_of_it(
    library: Path, what: tuple[str, ...], names: set[bytes]
) -> None:
    assert chosen(library, *what) == names


@pytest.mark.parametrize("word", ["/no/such file.jpg", "./dgo", "dgo/b.jpg", " -old/b.jpg"])
@pytest.mark.usefixtures("library")
def test_a_path_that_leads_nowhere_is_told_as_such(word: str) -> None:
    with pytest.raises(click.UsageError, match=f"{word}: there is no such file or folder"):
        choose_photos(Settings(None), (word,), analyze=True)


@pytest.mark.parametrize("what", [("banana",), ("dogs",), ("banana", "dog"), ("dog", "-person")])
def test_a_name_that_is_a_file_here_too_is_refused(library: Path, what: tuple[str, ...]) -> None:
    (library / "dogs").symlink_to("dog")
    with Catalog.open(os.fsencode(os.environ["PHOTOTAG_CATALOG_PATH"])) as catalog:
        (photo,) = add_photos(catalog, [b"person.jpg"], b"/elsewhere")
        take_in(catalog, photo, facts(fingerprint=b"p"), analysis(person=[0.9]))
    with pytest.raises(click.UsageError, match=rf"write \./{what[0]} or '\({what[0]}\)'"):
        choose_photos(Settings(None), what, analyze=True)


def test_files_here_are_files_where_nothing_on_photos_is_called_so(library: Path) -> None:
    (library / "old").mkdir()
    os.rename(library / "dog", library / "2024")

    assert chosen(library, "./banana") == {b"banana/h.jpg"}
    assert chosen(library, "100% off", "old", "banana") == {b"banana/h.jpg", b"100% off/b.jpg"}
    assert chosen(library, ".") == {*THINGS}
    assert chosen(library, "2024") == set()  # as the catalog has it, nothing lies there


@pytest.mark.parametrize("verb", ["write", "unwrite", "refresh"])
@pytest.mark.parametrize("empty", [("",), (" ", "")])
@pytest.mark.usefixtures("library")
def test_an_empty_variable_of_a_script_does_not_mean_all_photos(
    verb: str, empty: tuple[str, ...]
) -> None:
    with pytest.raises(click.UsageError, match="the query is empty"):
        phototag.main([verb, *empty], standalone_mode=False, obj=Settings(None))


@pytest.mark.parametrize("verb", ["write", "refresh", "review"])
@pytest.mark.usefixtures("library")
def test_a_mark_stands_under_what_is_wrong_in_a_query(verb: str) -> None:
    with pytest.raises(Ended) as caught:
        phototag.main([verb, "dog ("], standalone_mode=False, obj=Settings(None))
    assert "    dog (\n         ^" in caught.value.message
