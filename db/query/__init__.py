"""The search language: text to a small tree of frozen values; nothing here knows SQL.

>>> parse('cat -dog')
And(terms=(Word(name='cat'), Not(term=Word(name='dog'))))
>>> parse('person>=2 OR "wine glass"')
Or(terms=(Word(name='person', least=2), Word(name='wine glass')))
>>> parse('person@0.8=1 wine_glass conf>=0.5')
And(terms=(Word(name='person', confidence=0.8, most=1), Word(name='wine glass', confidence=0.5)))
>>> parse('keyword:holiday -keyword:"at home" dog')
And(terms=(Keyword(name='holiday'), Not(term=Keyword(name='at home')), Word(name='dog')))
>>> parse('date:2023-07..2023-08 camera:iphone iso>=1600')
And(terms=(Days('date', '2023-07-01..2023-08-31'), Called(field='camera', name='iphone'), \
Range(field='iso', least=1600)))
>>> parse('dog*:left>=2 sort:-size')
Sorted(term=Word(name='dog', least=2, prefix=True, spot='left'), order='-size')
>>> parse('')
Everything()

`docs/search.md` describes the language.
"""

from .parsing import DEEPEST, MOST_LETTERS, MOST_WORDS, parse
from .tree import (
    And,
    Called,
    Days,
    Everything,
    Flag,
    Hours,
    Keyword,
    Leaf,
    Missing,
    Near,
    Not,
    OneOf,
    Or,
    Path,
    Range,
    Sorted,
    Tree,
    Word,
    changed,
    outline,
    terms,
    words,
)

__all__ = [
    "DEEPEST",
    "MOST_LETTERS",
    "MOST_WORDS",
    "And",
    "Called",
    "Days",
    "Everything",
    "Flag",
    "Hours",
    "Keyword",
    "Leaf",
    "Missing",
    "Near",
    "Not",
    "OneOf",
    "Or",
    "Path",
    "Range",
    "Sorted",
    "Tree",
    "Word",
    "changed",
    "outline",
    "parse",
    "terms",
    "words",
]
