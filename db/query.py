"""The search language: text to a small tree of frozen values; nothing here knows SQL.

>>> parse('cat -dog')
And(terms=(Word(name='cat'), Not(term=Word(name='dog'))))
>>> parse('person>=2 OR "wine glass"')
Or(terms=(Word(name='person', least=2), Word(name='wine glass')))
>>> parse('person@0.8=1 wine_glass conf>=0.5')
And(terms=(Word(name='person', confidence=0.8, most=1), Word(name='wine glass', confidence=0.5)))
>>> parse('keyword:holiday -keyword:"at home" dog')
And(terms=(Keyword(name='holiday'), Not(term=Keyword(name='at home')), Word(name='dog')))
>>> parse('')
Everything()

- Words are names of things, in any case; all of them must be in the picture. A name of several
  words stands in quotes or takes underscores: `"wine glass"`, `wine_glass`.
- `-dog` and `NOT dog`: no dog. `cat OR dog`: one of them or both. `AND` may be written. OR binds
  loosest; parentheses group.
- `person>=2`, `>`, `=`, `<`, `<=`: how many boxes; a name that only the classifier gives counts
  as one. `person=0` is the same as `-person`.
- `dog@0.7` or `dog@70%`: at least this sure. With a count, only boxes this sure are counted.
- `conf>0.7`, `conf>=0.7`: the same for every word of the query that has no `@` of its own.
- `keyword:holiday`, `keyword:"summer holiday"`, `keyword:summer_holiday`: photos to which somebody
  gave this keyword, whatever the models see.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from .errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LETTERS: Final = 4000
MOST_WORDS: Final = 50
# SQLite's parser has a stack of a hundred entries and each level takes about four: measured, it
# gives up at the nineteenth.
DEEPEST: Final = 12
MOST_BOXES: Final = 1_000_000
CONF_ALONE: Final = "conf applies to the words of the query; it needs one beside it"


@dataclass(frozen=True, slots=True, repr=False)
class Word:
    """A thing: seen at least `least` and at most `most` times (None: no limit), this surely."""

    name: str
    confidence: float | None = None
    least: int = 1
    most: int | None = None
    position: int = field(default=0, compare=False)

    def __repr__(self) -> str:
        parts = [f"name={self.name!r}"]
        parts += [f"confidence={self.confidence!r}"] if self.confidence is not None else []
        parts += [f"least={self.least}"] if self.least != 1 else []
        parts += [f"most={self.most}"] if self.most is not None else []
        return f"Word({', '.join(parts)})"


@dataclass(frozen=True, slots=True, repr=False)
class Keyword:
    """A word that somebody gave the photo."""

    name: str
    position: int = field(default=0, compare=False)

    def __repr__(self) -> str:
        return f"Keyword(name={self.name!r})"


@dataclass(frozen=True, slots=True)
class Not:
    """The photos that the term does not find."""

    term: Tree


@dataclass(frozen=True, slots=True)
class And:
    """The photos that every term finds."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The photos that at least one term finds."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Everything:
    """All photos."""


Tree: TypeAlias = Word | Keyword | Not | And | Or | Everything


@dataclass(frozen=True, slots=True)
class _Conf:
    """`conf>0.7` on its way to the words; no finished tree holds one."""

    confidence: float
    position: int


def parse(text: str) -> Tree:
    """Understand a question; a blank one is Everything.

    Raises QueryError with the place and a sentence for humans.
    """
    if len(text) > MOST_LETTERS:
        raise QueryError(text[:MOST_LETTERS], MOST_LETTERS, "the query is too long")
    if broken := re.search("[\ud800-\udfff]", text):
        raise QueryError(text, broken.start(), "this is no UTF-8 text")
    try:
        tree = _parser().parse(text)
        return _finish(tree)
    except UnexpectedInput as error:
        position, message = _explain(error, text)
        raise QueryError(text, position, message) from None
    except _MisfitError as error:
        raise QueryError(text, error.position, error.message) from None
    except VisitError as error:
        raise _as_query_error(error, text) from None


def terms(tree: Tree) -> Iterator[Word | Keyword]:
    """Give all words and keywords of a tree from left to right."""
    match tree:
        case Word() | Keyword():
            yield tree
        case Not(inner):
            yield from terms(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)


def words(tree: Tree) -> Iterator[Word]:
    """Give all words of a tree from left to right."""
    return (term for term in terms(tree) if isinstance(term, Word))


class _MisfitError(Exception):
    """Something that the grammar allows and the meaning does not."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(position, message)
        self.position = position
        self.message = message


def _as_query_error(error: VisitError, text: str) -> QueryError:
    """Unpack what Lark wraps around an error of a callback."""
    original = error.orig_exc
    if not isinstance(original, _MisfitError):
        raise original
    return QueryError(text, original.position, original.message)


class _Builder(Transformer[Token, Any]):
    """Makes the tree while the parser reads; each method is named by its rule."""

    def start(self, items: list[Any]) -> Any:
        return items[0] if items else Everything()

    def disjunction(self, items: list[Any]) -> Any:
        return items[0] if len(items) == 1 else Or(tuple(items))

    def conjunction(self, items: list[Any]) -> Any:
        if all(isinstance(item, _Conf) for item in items):
            raise _MisfitError(items[0].position, CONF_ALONE)
        return items[0] if len(items) == 1 else And(tuple(items))

    def negation(self, items: list[Any]) -> Any:
        (term,) = items
        if isinstance(term, _Conf):
            raise _MisfitError(term.position, "conf applies to the whole query; no NOT before it")
        return term.term if isinstance(term, Not) else Not(term)

    def conf(self, items: list[Token]) -> _Conf:
        name, sign, number = items
        if sign not in (">", ">=", "≥"):
            raise _MisfitError(_start(sign), "conf takes > or >=")
        least = _confidence(number)
        # The words know only "at least": more than x is at least the next number after x.
        return _Conf(math.nextafter(least, 2) if sign == ">" else least, _start(name))

    def at(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        return _start(items[0]), {"confidence": _confidence(items[0])}

    def count(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        sign, number = items
        return _start(sign), dict(zip(("least", "most"), _interval(sign, number), strict=True))

    def word(self, items: list[Any]) -> Word:
        token, *limits = items
        options: dict[str, Any] = {}
        for position, limit in limits:
            if options.keys() & limit.keys():
                raise _MisfitError(position, "a word takes one confidence and one count")
            options |= limit
        return Word(_name(token), position=_start(token), **options)

    def keyword(self, items: list[Any]) -> Keyword:
        token, *limits = items
        if limits:
            raise _MisfitError(limits[0][0], "a keyword takes no confidence and no count")
        return Keyword(_name(token), _start(token))


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = os.path.join(os.path.dirname(os.path.abspath(__file__)), "query.lark")
    with open(grammar, encoding="utf-8") as file:
        return Lark(file.read(), parser="lalr", transformer=_Builder())


def _start(token: Token) -> int:
    return token.start_pos or 0


def _name(token: Token) -> str:
    name = token[1:-1] if token.type == "QUOTED" else token.replace("_", " ")
    if not name.strip():
        raise _MisfitError(_start(token), "the quotes hold no name")
    return " ".join(name.split())


def _confidence(token: Token) -> float:
    is_percent = token.endswith("%")
    value = float(token.rstrip("%")) / (100 if is_percent else 1)
    if not 0 <= value <= 1:
        hint = "" if is_percent else f"; or write {token}%" if value <= 100 else ""
        raise _MisfitError(_start(token), f"a confidence lies between 0 and 1{hint}")
    return value


def _interval(sign: Token, number: Token) -> tuple[int, int | None]:
    """Give the least and the most number of boxes that a comparison allows."""
    if not number.isdigit():
        raise _MisfitError(_start(number), "a count is a whole number")
    n = int(number)
    if n > MOST_BOXES:
        raise _MisfitError(_start(number), "no picture holds so many")
    match sign:
        case ">=" | "≥":
            return n, None
        case ">":
            return n + 1, None
        case "<=" | "≤":
            return 0, n
        case "<" if n == 0:
            raise _MisfitError(_start(sign), "a count is never below 0")
        case "<":
            return 0, n - 1
        case _:
            return n, n


def _finish(tree: Any) -> Tree:
    """Hand `conf` to the words and refuse what is too much for one search."""
    confs = list(_confs(tree))
    if len(confs) > 1:
        raise _MisfitError(confs[1].position, "conf may stand once in a query")
    done = _spread(tree, confs[0].confidence if confs else None)
    if confs and not any(words(done)):
        raise _MisfitError(confs[0].position, CONF_ALONE)
    found = list(terms(done))
    if len(found) > MOST_WORDS:
        message = f"a query has at most {MOST_WORDS} words"
        raise _MisfitError(found[MOST_WORDS].position, message)
    if _depth(done) > DEEPEST:
        raise _MisfitError(0, "the parentheses are nested too deeply")
    return done


def _confs(tree: Any) -> Iterator[_Conf]:
    match tree:
        case _Conf():
            yield tree
        case Not(term):
            yield from _confs(term)
        case And(terms) | Or(terms):
            for term in terms:
                yield from _confs(term)


def _spread(tree: Any, confidence: float | None) -> Tree:
    """Give every word without a confidence of its own this one, and drop the `conf` terms."""
    match tree:
        case Word(confidence=None):
            return replace(tree, confidence=confidence)
        case Not(term):
            return Not(_spread(term, confidence))
        case And(terms):
            kept = [_spread(term, confidence) for term in terms if not isinstance(term, _Conf)]
            return kept[0] if len(kept) == 1 else And(tuple(kept))
        case Or(terms):
            return Or(tuple(_spread(term, confidence) for term in terms))
        case Word() | Keyword() | Everything():
            return tree
    raise TypeError(f"no tree: {tree!r}")


def _depth(tree: Tree) -> int:
    match tree:
        case Not(term):
            return 1 + _depth(term)
        case And(terms) | Or(terms):
            return 1 + max(_depth(term) for term in terms)
        case _:
            return 1


def _explain(error: UnexpectedInput, text: str) -> tuple[int, str]:
    """Say in plain words, and where, the reader stumbled."""
    if isinstance(error, UnexpectedToken):
        return _explain_token(error, text)
    place = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters) and error.allowed == {"NUMBER"}:
        return place, "a number is missing here"
    if text[place] == '"':
        return place, "the closing quote is missing"
    return place, f"{text[place]!r} has no meaning here; names with it stand in quotes"


def _explain_token(error: UnexpectedToken, text: str) -> tuple[int, str]:
    token: Token = error.token
    at_end = token.type == "$END"
    place = len(text.rstrip()) if at_end else _start(token)
    if error.accepts == {"NUMBER"} or error.expected == {"NUMBER"}:
        return place, "a number is missing here"
    if at_end and "RPAR" in error.expected:
        return _open_parenthesis(text), "a closing parenthesis is missing"
    if at_end:
        return place, "a word is missing at the end"
    is_open = _open_parenthesis(text[:place]) < place
    messages = {
        "RPAR": "a word is missing before this parenthesis"
        if is_open
        else "this parenthesis closes nothing",
        "_OR": "a word is missing before OR",
        "_AND": "a word is missing before AND",
        "COMPARE": f"a word is missing before {token}",
        "AT": "a word is missing before @",
    }
    return place, messages.get(token.type, f"{str(token)!r} has no place here")


def _open_parenthesis(text: str) -> int:
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
