"""Where the reader stumbled, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lalr import END

if TYPE_CHECKING:
    from .lalr import Token, Unexpected


def explain(error: Unexpected, text: str) -> tuple[int, str]:
    """Give the place and the reason of what the grammar does not allow."""
    if error.token is not None:
        return _explain_token(error.token, error.wanted, text)
    if error.wanted == {"NUMBER"}:
        return error.position, "a number is missing here"
    return error.position, _strange(text, error.position)


def open_parenthesis(text: str) -> int:
    """Find the last parenthesis that is still open; those in quotes do not count."""
    open_ones: list[int] = []
    in_quotes = False
    for place, char in enumerate(text):
        in_quotes ^= char == '"'
        if char == "(" and not in_quotes:
            open_ones.append(place)
        elif char == ")" and not in_quotes and open_ones:
            open_ones.pop()
    return open_ones[-1] if open_ones else len(text)


def _strange(text: str, place: int) -> str:
    char = text[place]
    if char == '"':
        return "the closing quote is missing"
    if char == "*" and place and not text[place - 1].isspace():
        return "a star stands at the end of a name"
    if char == ":" and place and not text[place - 1].isspace():
        return "behind a name stands :area>20%, :left, :right, :top, :bottom or :center"
    return f"{char!r} has no meaning here; names with it stand in quotes"


def _explain_token(token: Token, wanted: frozenset[str], text: str) -> tuple[int, str]:
    at_end = token.type == END
    place = len(text.rstrip()) if at_end else token.position
    if wanted == {"NUMBER"}:
        return place, "a number is missing here"
    if wanted == {"COMPARE"}:
        return place, "a comparison is missing here: dog:area>20%"
    if "VALUE" in wanted:
        return place, "a number is missing here" if len(wanted) == 1 else "a value is missing here"
    if at_end and "RPAR" in wanted:
        return open_parenthesis(text), "a closing parenthesis is missing"
    if at_end:
        return place, "a word is missing at the end"
    is_open = open_parenthesis(text[:place]) < place
    messages = {
        "RPAR": "a word is missing before this parenthesis"
        if is_open
        else "this parenthesis closes nothing",
        "_OR": "a word is missing before OR",
        "_AND": "a word is missing before AND",
        "COMPARE": f"a word is missing before {token}",
        "AT": "a word is missing before @",
    }
    return place, messages.get(token.type, _strange(text, place))
