"""Queries on the command line, in every verb that takes one."""

from __future__ import annotations

import click
import pytest

from phototagd.daemon.cli import VERBS, phototag

CONTEXT = click.Context(phototag)
COMMANDS = {verb: phototag.get_command(CONTEXT, verb) for verb in VERBS}
ASKING = [
    verb
    for verb, command in COMMANDS.items()
    if any("QUERY" in (argument.metavar or "") for argument in command.params)
]


def parse(verb, *arguments):
    """Return the query and the options that a verb understands."""
    before = ["name"] if verb == "save" else []
    context = COMMANDS[verb].make_context(verb, [*before, *arguments], CONTEXT)
    query = context.params.pop("words" if "words" in context.params else "what")
    return " ".join(query).split(), context.params


def test_the_verbs_with_a_query_are_found():
    assert {"search", "save", "export", "write", "retag", "review"} <= set(ASKING)


@pytest.mark.parametrize("verb", ASKING)
@pytest.mark.parametrize("word", ["-person", "-nobody", "-long_legs", "-date:2023", "-@pets"])
def test_a_word_with_a_minus_belongs_to_the_query(verb, word):
    assert parse(verb, "dog", word)[0] == ["dog", word]
    assert parse(verb, word)[0] == [word]


@pytest.mark.parametrize("verb", ASKING)
def test_an_option_that_does_not_exist_is_an_error(verb):
    with pytest.raises(click.NoSuchOption, match="--persons"):
        parse(verb, "dog", "--persons")


def test_options_stay_options():
    query, options = parse("search", "-l0", "dog", "-n5")
    assert (query, options["long"], options["null"], options["limit"]) == (["dog"], True, True, 5)
    query, options = parse("write", "dog", "-ny", "--to", "exif")
    assert (query, options["dry_run"], options["yes"], options["to"]) == (
        ["dog"],
        True,
        True,
        "exif",
    )
    query, options = parse("review", "-n", "7", "-dog")
    assert (query, options["limit"]) == (["-dog"], 7)


def test_behind_two_dashes_all_is_query():
    query, options = parse("search", "--", "-n", "-l")
    assert (query, options["limit"], options["long"]) == (["-n", "-l"], None, False)
