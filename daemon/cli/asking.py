"""What the verbs with a query share: reading it from the command line, and what is wrong in it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import click

from . import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

    from ...db.errors import UnknownWord

_MINUS_WORD = re.compile("-[^-]")


class QueryCommand(click.Command):
    """A command whose arguments are a query: `-dog` is a part of it and no bundle of options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; a space before a word with a minus makes it an argument."""
        return super().parse_args(ctx, list(self._shielded(ctx, args)))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Offer the words of a query behind a minus, beside the options."""
        found = super().shell_complete(ctx, incomplete)
        query = [param for param in self.get_params(ctx) if isinstance(param, click.Argument)]
        if query and _MINUS_WORD.match(incomplete):
            found += complete_query(ctx, query[-1], incomplete)
        return found

    def _shielded(self, ctx: click.Context, args: list[str]) -> Iterator[str]:
        options = {
            name: param
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            for name in (*param.opts, *param.secondary_opts)
        }
        is_value = False
        for n, arg in enumerate(args):
            if arg == "--" and not is_value:
                yield from args[n:]
                return
            option = None if is_value else options.get(arg)
            is_word = not is_value and option is None and bool(_MINUS_WORD.match(arg))
            yield f" {arg}" if is_word and not _is_bundle(arg, options) else arg
            is_value = option is not None and not option.is_flag and not option.count


def _is_bundle(arg: str, options: dict[str, click.Option]) -> bool:
    """Say whether it is several flags, -l0, or an option with its number, -n5."""
    first, *rest = (options.get(f"-{letter}") for letter in arg[1:])
    if first is not None and not first.is_flag:
        return arg[2:].isdigit()
    return all(option is not None and option.is_flag for option in (first, *rest))


def complete_query(
    ctx: click.Context, param: click.Argument, incomplete: str
) -> list[CompletionItem[Any]]:
    """Return what a shell may offer where a query is typed."""
    from . import completing

    return completing.complete_query(ctx, param, incomplete)


@contextlib.contextmanager
def pointing_at_errors() -> Iterator[None]:
    """End the program with a caret below the place where a query cannot be understood."""
    from ...db.errors import QueryError

    try:
        yield
    except QueryError as error:
        lines = "\n".join(f"    {line}" for line in error.pointed().splitlines())
        raise Ended(f"{error}\n\n{lines}\n", 2) from None


def resolve_word(word: str) -> str | None:
    """Return the name behind a plural, a synonym or another spelling, or None."""
    from ...models.taxonomy import load_taxonomy

    return load_taxonomy().resolve(word)


def excuse_unknown(error: UnknownWord, is_negated: bool) -> None:
    """Let a query go on where only a NOT names what no photo has; tell what may have been meant.

    A word that no photo shows must be a name all the same, or it is misspelt. Raises the error.
    """
    from ...db.errors import UnknownWord

    is_word = type(error) is UnknownWord
    if not is_negated or (is_word and resolve_word(error.word) is None):
        raise error
    if error.suggestions and not is_word:
        click.echo(f"phototag: {error}", err=True)
