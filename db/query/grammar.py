"""The tables of query.lark, made by `make grammar`; not to be edited.

`TERMINALS` are patterns in the order in which they are tried, `IGNORED` those that mean nothing.
`RULES` have a mark for each symbol: 1 for one that is kept, 0 for one that is not, * for a list
whose items are. `STATES` say for each symbol which state comes next, or, as ~number, which rule
ends before it; the first is the start.
"""

# Not for reading, and so wider than the house's lines.
# ruff: noqa: E501
# fmt: off

from typing import Final

TERMINALS: Final[dict[str, str]] = {
    'KIND': '(?i:(label|object|keyword):)',
    'FIELD': '(?i:(date|after|before|season|hour|weekday|added|camera|lens|model|place|gps|near|iso|f|focal|size|width|height|rating|path|ext|format|orientation|state|sort):|[^\\W\\d_]\\w*:(?!(area|left|right|top|bottom|center)(?!\\w)))',
    'NUMERIC': '(?i:(iso|f|focal|size|width|height|rating)(?=\\s*[<>=≤≥]))',
    'CONF': '(?i:conf(?=\\s*[<>=≤≥]))',
    '_AND': 'AND(?![^\\s()"])',
    '_NOT': 'NOT(?![^\\s()"])',
    '_OR': 'OR(?![^\\s()"])',
    'SAVED': '(?<![^\\s(-])@(?![0-9.]+%?(?![\\w.%-]))([\\w.][^\\s()"@]*|"[^"]*")',
    'WORD': '(?!(?:OR|AND|NOT)(?![^\\s()"]))[^\\W_](?:[^\\s()"@<>=≤≥:*\\/!?&|~%^$#+,;{}\\\\\\[\\]`]*)',
    'NUMBER': '([0-9]+(\\.[0-9]*)?|\\.[0-9]+)%?(?![\\w.%])',
    'QUOTED': '"[^"]*"',
    '__IGNORE_0': '\\s+',
    'SPOT': '(?i::(left|right|top|bottom|center)(?!\\w))',
    '_AREA': '(?i::area(?!\\w))',
    'COMPARE': '>=|<=|==|[=<>≤≥]',
    'STAR': '(?<!\\s)\\*(?![\\w*"])',
    'AT': '@',
    'LPAR': '\\(',
    'RPAR': '\\)',
    '_MINUS': '\\-',
    'VALUE': '[^\\s()"]+',
}
IGNORED: Final[tuple[str, ...]] = (
    '__IGNORE_0',
)
RULES: Final[tuple[tuple[str, str], ...]] = (
    ('start', '1'),
    ('start', ''),
    ('disjunction', '1*'),
    ('disjunction', '1'),
    ('conjunction', '**'),
    ('conjunction', '*'),
    ('_term', '1'),
    ('_term', '010'),
    ('_term', '1'),
    ('_term', '1'),
    ('_term', '1'),
    ('_term', '1'),
    ('_term', '1'),
    ('negation', '0*'),
    ('negation', '0*'),
    ('conf', '111'),
    ('number', '111'),
    ('field', '11'),
    ('field', '111'),
    ('field', '11'),
    ('saved', '1'),
    ('thing', '111*'),
    ('thing', '111'),
    ('thing', '11*'),
    ('thing', '11'),
    ('thing', '111*'),
    ('thing', '111'),
    ('thing', '11*'),
    ('thing', '11'),
    ('thing', '11*'),
    ('thing', '11'),
    ('thing', '1*'),
    ('thing', '1'),
    ('thing', '11*'),
    ('thing', '11'),
    ('thing', '1*'),
    ('thing', '1'),
    ('at', '01'),
    ('area', '011'),
    ('spot', '1'),
    ('count', '11'),
    ('__disjunction_star_0', '01'),
    ('__disjunction_star_0', '*01'),
    ('__conjunction_star_1', '0*'),
    ('__conjunction_star_1', '*'),
    ('__conjunction_star_1', '*0*'),
    ('__conjunction_star_1', '**'),
    ('__thing_star_2', '1'),
    ('__thing_star_2', '1'),
    ('__thing_star_2', '1'),
    ('__thing_star_2', '1'),
    ('__thing_star_2', '*1'),
    ('__thing_star_2', '*1'),
    ('__thing_star_2', '*1'),
    ('__thing_star_2', '*1'),
)
STATES: Final[tuple[dict[str, int], ...]] = (
    {'$END': -2, 'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7,
     'WORD': 8, '_MINUS': 9, '_NOT': 10, '_term': 11, 'conf': 12, 'conjunction': 13, 'disjunction':
     14, 'field': 15, 'negation': 16, 'number': 17, 'saved': 18, 'start': 19, 'thing': 20},
    {'COMPARE': 21},
    {'QUOTED': 22, 'VALUE': 23},
    {'QUOTED': 24, 'WORD': 25},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 11, 'conf': 12, 'conjunction': 13, 'disjunction': 26,
     'field': 15, 'negation': 16, 'number': 17, 'saved': 18, 'thing': 20},
    {'COMPARE': 27},
    {'$END': -37, 'AT': 28, 'COMPARE': 29, 'CONF': -37, 'FIELD': -37, 'KIND': -37, 'LPAR': -37,
     'NUMERIC': -37, 'QUOTED': -37, 'RPAR': -37, 'SAVED': -37, 'SPOT': 30, 'STAR': 31, 'WORD': -37,
     '_AND': -37, '_AREA': 32, '_MINUS': -37, '_NOT': -37, '_OR': -37, '__thing_star_2': 33, 'area':
     34, 'at': 35, 'count': 36, 'spot': 37},
    {'$END': -21, 'CONF': -21, 'FIELD': -21, 'KIND': -21, 'LPAR': -21, 'NUMERIC': -21, 'QUOTED':
     -21, 'RPAR': -21, 'SAVED': -21, 'WORD': -21, '_AND': -21, '_MINUS': -21, '_NOT': -21, '_OR':
     -21},
    {'$END': -33, 'AT': 28, 'COMPARE': 29, 'CONF': -33, 'FIELD': -33, 'KIND': -33, 'LPAR': -33,
     'NUMERIC': -33, 'QUOTED': -33, 'RPAR': -33, 'SAVED': -33, 'SPOT': 30, 'STAR': 38, 'WORD': -33,
     '_AND': -33, '_AREA': 32, '_MINUS': -33, '_NOT': -33, '_OR': -33, '__thing_star_2': 39, 'area':
     34, 'at': 35, 'count': 36, 'spot': 37},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 40, 'conf': 12, 'field': 15, 'negation': 16, 'number': 17,
     'saved': 18, 'thing': 20},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 41, 'conf': 12, 'field': 15, 'negation': 16, 'number': 17,
     'saved': 18, 'thing': 20},
    {'$END': -6, 'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'RPAR': -6,
     'SAVED': 7, 'WORD': 8, '_AND': 42, '_MINUS': 9, '_NOT': 10, '_OR': -6, '__conjunction_star_1':
     43, '_term': 44, 'conf': 12, 'field': 15, 'negation': 16, 'number': 17, 'saved': 18, 'thing':
     20},
    {'$END': -9, 'CONF': -9, 'FIELD': -9, 'KIND': -9, 'LPAR': -9, 'NUMERIC': -9, 'QUOTED': -9,
     'RPAR': -9, 'SAVED': -9, 'WORD': -9, '_AND': -9, '_MINUS': -9, '_NOT': -9, '_OR': -9},
    {'$END': -4, 'RPAR': -4, '_OR': 45, '__disjunction_star_0': 46},
    {'$END': -1},
    {'$END': -11, 'CONF': -11, 'FIELD': -11, 'KIND': -11, 'LPAR': -11, 'NUMERIC': -11, 'QUOTED':
     -11, 'RPAR': -11, 'SAVED': -11, 'WORD': -11, '_AND': -11, '_MINUS': -11, '_NOT': -11, '_OR':
     -11},
    {'$END': -7, 'CONF': -7, 'FIELD': -7, 'KIND': -7, 'LPAR': -7, 'NUMERIC': -7, 'QUOTED': -7,
     'RPAR': -7, 'SAVED': -7, 'WORD': -7, '_AND': -7, '_MINUS': -7, '_NOT': -7, '_OR': -7},
    {'$END': -10, 'CONF': -10, 'FIELD': -10, 'KIND': -10, 'LPAR': -10, 'NUMERIC': -10, 'QUOTED':
     -10, 'RPAR': -10, 'SAVED': -10, 'WORD': -10, '_AND': -10, '_MINUS': -10, '_NOT': -10, '_OR':
     -10},
    {'$END': -12, 'CONF': -12, 'FIELD': -12, 'KIND': -12, 'LPAR': -12, 'NUMERIC': -12, 'QUOTED':
     -12, 'RPAR': -12, 'SAVED': -12, 'WORD': -12, '_AND': -12, '_MINUS': -12, '_NOT': -12, '_OR':
     -12},
    {'$END': 19},
    {'$END': -13, 'CONF': -13, 'FIELD': -13, 'KIND': -13, 'LPAR': -13, 'NUMERIC': -13, 'QUOTED':
     -13, 'RPAR': -13, 'SAVED': -13, 'WORD': -13, '_AND': -13, '_MINUS': -13, '_NOT': -13, '_OR':
     -13},
    {'NUMBER': 47},
    {'$END': -20, 'CONF': -20, 'FIELD': -20, 'KIND': -20, 'LPAR': -20, 'NUMERIC': -20, 'QUOTED':
     -20, 'RPAR': -20, 'SAVED': -20, 'STAR': 48, 'WORD': -20, '_AND': -20, '_MINUS': -20, '_NOT':
     -20, '_OR': -20},
    {'$END': -18, 'CONF': -18, 'FIELD': -18, 'KIND': -18, 'LPAR': -18, 'NUMERIC': -18, 'QUOTED':
     -18, 'RPAR': -18, 'SAVED': -18, 'WORD': -18, '_AND': -18, '_MINUS': -18, '_NOT': -18, '_OR':
     -18},
    {'$END': -29, 'AT': 28, 'COMPARE': 29, 'CONF': -29, 'FIELD': -29, 'KIND': -29, 'LPAR': -29,
     'NUMERIC': -29, 'QUOTED': -29, 'RPAR': -29, 'SAVED': -29, 'SPOT': 30, 'STAR': 49, 'WORD': -29,
     '_AND': -29, '_AREA': 32, '_MINUS': -29, '_NOT': -29, '_OR': -29, '__thing_star_2': 50, 'area':
     34, 'at': 35, 'count': 36, 'spot': 37},
    {'$END': -25, 'AT': 28, 'COMPARE': 29, 'CONF': -25, 'FIELD': -25, 'KIND': -25, 'LPAR': -25,
     'NUMERIC': -25, 'QUOTED': -25, 'RPAR': -25, 'SAVED': -25, 'SPOT': 30, 'STAR': 51, 'WORD': -25,
     '_AND': -25, '_AREA': 32, '_MINUS': -25, '_NOT': -25, '_OR': -25, '__thing_star_2': 52, 'area':
     34, 'at': 35, 'count': 36, 'spot': 37},
    {'RPAR': 53},
    {'VALUE': 54},
    {'NUMBER': 55},
    {'NUMBER': 56},
    {'$END': -40, 'AT': -40, 'COMPARE': -40, 'CONF': -40, 'FIELD': -40, 'KIND': -40, 'LPAR': -40,
     'NUMERIC': -40, 'QUOTED': -40, 'RPAR': -40, 'SAVED': -40, 'SPOT': -40, 'WORD': -40, '_AND':
     -40, '_AREA': -40, '_MINUS': -40, '_NOT': -40, '_OR': -40},
    {'$END': -35, 'AT': 28, 'COMPARE': 29, 'CONF': -35, 'FIELD': -35, 'KIND': -35, 'LPAR': -35,
     'NUMERIC': -35, 'QUOTED': -35, 'RPAR': -35, 'SAVED': -35, 'SPOT': 30, 'WORD': -35, '_AND': -35,
     '_AREA': 32, '_MINUS': -35, '_NOT': -35, '_OR': -35, '__thing_star_2': 57, 'area': 34, 'at':
     35, 'count': 36, 'spot': 37},
    {'COMPARE': 58},
    {'$END': -36, 'AT': 28, 'COMPARE': 29, 'CONF': -36, 'FIELD': -36, 'KIND': -36, 'LPAR': -36,
     'NUMERIC': -36, 'QUOTED': -36, 'RPAR': -36, 'SAVED': -36, 'SPOT': 30, 'WORD': -36, '_AND': -36,
     '_AREA': 32, '_MINUS': -36, '_NOT': -36, '_OR': -36, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -49, 'AT': -49, 'COMPARE': -49, 'CONF': -49, 'FIELD': -49, 'KIND': -49, 'LPAR': -49,
     'NUMERIC': -49, 'QUOTED': -49, 'RPAR': -49, 'SAVED': -49, 'SPOT': -49, 'WORD': -49, '_AND':
     -49, '_AREA': -49, '_MINUS': -49, '_NOT': -49, '_OR': -49},
    {'$END': -48, 'AT': -48, 'COMPARE': -48, 'CONF': -48, 'FIELD': -48, 'KIND': -48, 'LPAR': -48,
     'NUMERIC': -48, 'QUOTED': -48, 'RPAR': -48, 'SAVED': -48, 'SPOT': -48, 'WORD': -48, '_AND':
     -48, '_AREA': -48, '_MINUS': -48, '_NOT': -48, '_OR': -48},
    {'$END': -51, 'AT': -51, 'COMPARE': -51, 'CONF': -51, 'FIELD': -51, 'KIND': -51, 'LPAR': -51,
     'NUMERIC': -51, 'QUOTED': -51, 'RPAR': -51, 'SAVED': -51, 'SPOT': -51, 'WORD': -51, '_AND':
     -51, '_AREA': -51, '_MINUS': -51, '_NOT': -51, '_OR': -51},
    {'$END': -50, 'AT': -50, 'COMPARE': -50, 'CONF': -50, 'FIELD': -50, 'KIND': -50, 'LPAR': -50,
     'NUMERIC': -50, 'QUOTED': -50, 'RPAR': -50, 'SAVED': -50, 'SPOT': -50, 'WORD': -50, '_AND':
     -50, '_AREA': -50, '_MINUS': -50, '_NOT': -50, '_OR': -50},
    {'$END': -31, 'AT': 28, 'COMPARE': 29, 'CONF': -31, 'FIELD': -31, 'KIND': -31, 'LPAR': -31,
     'NUMERIC': -31, 'QUOTED': -31, 'RPAR': -31, 'SAVED': -31, 'SPOT': 30, 'WORD': -31, '_AND': -31,
     '_AREA': 32, '_MINUS': -31, '_NOT': -31, '_OR': -31, '__thing_star_2': 63, 'area': 34, 'at':
     35, 'count': 36, 'spot': 37},
    {'$END': -32, 'AT': 28, 'COMPARE': 29, 'CONF': -32, 'FIELD': -32, 'KIND': -32, 'LPAR': -32,
     'NUMERIC': -32, 'QUOTED': -32, 'RPAR': -32, 'SAVED': -32, 'SPOT': 30, 'WORD': -32, '_AND': -32,
     '_AREA': 32, '_MINUS': -32, '_NOT': -32, '_OR': -32, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -15, 'CONF': -15, 'FIELD': -15, 'KIND': -15, 'LPAR': -15, 'NUMERIC': -15, 'QUOTED':
     -15, 'RPAR': -15, 'SAVED': -15, 'WORD': -15, '_AND': -15, '_MINUS': -15, '_NOT': -15, '_OR':
     -15},
    {'$END': -14, 'CONF': -14, 'FIELD': -14, 'KIND': -14, 'LPAR': -14, 'NUMERIC': -14, 'QUOTED':
     -14, 'RPAR': -14, 'SAVED': -14, 'WORD': -14, '_AND': -14, '_MINUS': -14, '_NOT': -14, '_OR':
     -14},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 64, 'conf': 12, 'field': 15, 'negation': 16, 'number': 17,
     'saved': 18, 'thing': 20},
    {'$END': -5, 'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'RPAR': -5,
     'SAVED': 7, 'WORD': 8, '_AND': 65, '_MINUS': 9, '_NOT': 10, '_OR': -5, '_term': 66, 'conf': 12,
     'field': 15, 'negation': 16, 'number': 17, 'saved': 18, 'thing': 20},
    {'$END': -45, 'CONF': -45, 'FIELD': -45, 'KIND': -45, 'LPAR': -45, 'NUMERIC': -45, 'QUOTED':
     -45, 'RPAR': -45, 'SAVED': -45, 'WORD': -45, '_AND': -45, '_MINUS': -45, '_NOT': -45, '_OR':
     -45},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 11, 'conf': 12, 'conjunction': 67, 'field': 15, 'negation':
     16, 'number': 17, 'saved': 18, 'thing': 20},
    {'$END': -3, 'RPAR': -3, '_OR': 68},
    {'$END': -16, 'CONF': -16, 'FIELD': -16, 'KIND': -16, 'LPAR': -16, 'NUMERIC': -16, 'QUOTED':
     -16, 'RPAR': -16, 'SAVED': -16, 'WORD': -16, '_AND': -16, '_MINUS': -16, '_NOT': -16, '_OR':
     -16},
    {'$END': -19, 'CONF': -19, 'FIELD': -19, 'KIND': -19, 'LPAR': -19, 'NUMERIC': -19, 'QUOTED':
     -19, 'RPAR': -19, 'SAVED': -19, 'WORD': -19, '_AND': -19, '_MINUS': -19, '_NOT': -19, '_OR':
     -19},
    {'$END': -27, 'AT': 28, 'COMPARE': 29, 'CONF': -27, 'FIELD': -27, 'KIND': -27, 'LPAR': -27,
     'NUMERIC': -27, 'QUOTED': -27, 'RPAR': -27, 'SAVED': -27, 'SPOT': 30, 'WORD': -27, '_AND': -27,
     '_AREA': 32, '_MINUS': -27, '_NOT': -27, '_OR': -27, '__thing_star_2': 69, 'area': 34, 'at':
     35, 'count': 36, 'spot': 37},
    {'$END': -28, 'AT': 28, 'COMPARE': 29, 'CONF': -28, 'FIELD': -28, 'KIND': -28, 'LPAR': -28,
     'NUMERIC': -28, 'QUOTED': -28, 'RPAR': -28, 'SAVED': -28, 'SPOT': 30, 'WORD': -28, '_AND': -28,
     '_AREA': 32, '_MINUS': -28, '_NOT': -28, '_OR': -28, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -23, 'AT': 28, 'COMPARE': 29, 'CONF': -23, 'FIELD': -23, 'KIND': -23, 'LPAR': -23,
     'NUMERIC': -23, 'QUOTED': -23, 'RPAR': -23, 'SAVED': -23, 'SPOT': 30, 'WORD': -23, '_AND': -23,
     '_AREA': 32, '_MINUS': -23, '_NOT': -23, '_OR': -23, '__thing_star_2': 70, 'area': 34, 'at':
     35, 'count': 36, 'spot': 37},
    {'$END': -24, 'AT': 28, 'COMPARE': 29, 'CONF': -24, 'FIELD': -24, 'KIND': -24, 'LPAR': -24,
     'NUMERIC': -24, 'QUOTED': -24, 'RPAR': -24, 'SAVED': -24, 'SPOT': 30, 'WORD': -24, '_AND': -24,
     '_AREA': 32, '_MINUS': -24, '_NOT': -24, '_OR': -24, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -8, 'CONF': -8, 'FIELD': -8, 'KIND': -8, 'LPAR': -8, 'NUMERIC': -8, 'QUOTED': -8,
     'RPAR': -8, 'SAVED': -8, 'WORD': -8, '_AND': -8, '_MINUS': -8, '_NOT': -8, '_OR': -8},
    {'$END': -17, 'CONF': -17, 'FIELD': -17, 'KIND': -17, 'LPAR': -17, 'NUMERIC': -17, 'QUOTED':
     -17, 'RPAR': -17, 'SAVED': -17, 'WORD': -17, '_AND': -17, '_MINUS': -17, '_NOT': -17, '_OR':
     -17},
    {'$END': -38, 'AT': -38, 'COMPARE': -38, 'CONF': -38, 'FIELD': -38, 'KIND': -38, 'LPAR': -38,
     'NUMERIC': -38, 'QUOTED': -38, 'RPAR': -38, 'SAVED': -38, 'SPOT': -38, 'WORD': -38, '_AND':
     -38, '_AREA': -38, '_MINUS': -38, '_NOT': -38, '_OR': -38},
    {'$END': -41, 'AT': -41, 'COMPARE': -41, 'CONF': -41, 'FIELD': -41, 'KIND': -41, 'LPAR': -41,
     'NUMERIC': -41, 'QUOTED': -41, 'RPAR': -41, 'SAVED': -41, 'SPOT': -41, 'WORD': -41, '_AND':
     -41, '_AREA': -41, '_MINUS': -41, '_NOT': -41, '_OR': -41},
    {'$END': -34, 'AT': 28, 'COMPARE': 29, 'CONF': -34, 'FIELD': -34, 'KIND': -34, 'LPAR': -34,
     'NUMERIC': -34, 'QUOTED': -34, 'RPAR': -34, 'SAVED': -34, 'SPOT': 30, 'WORD': -34, '_AND': -34,
     '_AREA': 32, '_MINUS': -34, '_NOT': -34, '_OR': -34, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'NUMBER': 71},
    {'$END': -53, 'AT': -53, 'COMPARE': -53, 'CONF': -53, 'FIELD': -53, 'KIND': -53, 'LPAR': -53,
     'NUMERIC': -53, 'QUOTED': -53, 'RPAR': -53, 'SAVED': -53, 'SPOT': -53, 'WORD': -53, '_AND':
     -53, '_AREA': -53, '_MINUS': -53, '_NOT': -53, '_OR': -53},
    {'$END': -52, 'AT': -52, 'COMPARE': -52, 'CONF': -52, 'FIELD': -52, 'KIND': -52, 'LPAR': -52,
     'NUMERIC': -52, 'QUOTED': -52, 'RPAR': -52, 'SAVED': -52, 'SPOT': -52, 'WORD': -52, '_AND':
     -52, '_AREA': -52, '_MINUS': -52, '_NOT': -52, '_OR': -52},
    {'$END': -55, 'AT': -55, 'COMPARE': -55, 'CONF': -55, 'FIELD': -55, 'KIND': -55, 'LPAR': -55,
     'NUMERIC': -55, 'QUOTED': -55, 'RPAR': -55, 'SAVED': -55, 'SPOT': -55, 'WORD': -55, '_AND':
     -55, '_AREA': -55, '_MINUS': -55, '_NOT': -55, '_OR': -55},
    {'$END': -54, 'AT': -54, 'COMPARE': -54, 'CONF': -54, 'FIELD': -54, 'KIND': -54, 'LPAR': -54,
     'NUMERIC': -54, 'QUOTED': -54, 'RPAR': -54, 'SAVED': -54, 'SPOT': -54, 'WORD': -54, '_AND':
     -54, '_AREA': -54, '_MINUS': -54, '_NOT': -54, '_OR': -54},
    {'$END': -30, 'AT': 28, 'COMPARE': 29, 'CONF': -30, 'FIELD': -30, 'KIND': -30, 'LPAR': -30,
     'NUMERIC': -30, 'QUOTED': -30, 'RPAR': -30, 'SAVED': -30, 'SPOT': 30, 'WORD': -30, '_AND': -30,
     '_AREA': 32, '_MINUS': -30, '_NOT': -30, '_OR': -30, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -44, 'CONF': -44, 'FIELD': -44, 'KIND': -44, 'LPAR': -44, 'NUMERIC': -44, 'QUOTED':
     -44, 'RPAR': -44, 'SAVED': -44, 'WORD': -44, '_AND': -44, '_MINUS': -44, '_NOT': -44, '_OR':
     -44},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 72, 'conf': 12, 'field': 15, 'negation': 16, 'number': 17,
     'saved': 18, 'thing': 20},
    {'$END': -47, 'CONF': -47, 'FIELD': -47, 'KIND': -47, 'LPAR': -47, 'NUMERIC': -47, 'QUOTED':
     -47, 'RPAR': -47, 'SAVED': -47, 'WORD': -47, '_AND': -47, '_MINUS': -47, '_NOT': -47, '_OR':
     -47},
    {'$END': -42, 'RPAR': -42, '_OR': -42},
    {'CONF': 1, 'FIELD': 2, 'KIND': 3, 'LPAR': 4, 'NUMERIC': 5, 'QUOTED': 6, 'SAVED': 7, 'WORD': 8,
     '_MINUS': 9, '_NOT': 10, '_term': 11, 'conf': 12, 'conjunction': 73, 'field': 15, 'negation':
     16, 'number': 17, 'saved': 18, 'thing': 20},
    {'$END': -26, 'AT': 28, 'COMPARE': 29, 'CONF': -26, 'FIELD': -26, 'KIND': -26, 'LPAR': -26,
     'NUMERIC': -26, 'QUOTED': -26, 'RPAR': -26, 'SAVED': -26, 'SPOT': 30, 'WORD': -26, '_AND': -26,
     '_AREA': 32, '_MINUS': -26, '_NOT': -26, '_OR': -26, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -22, 'AT': 28, 'COMPARE': 29, 'CONF': -22, 'FIELD': -22, 'KIND': -22, 'LPAR': -22,
     'NUMERIC': -22, 'QUOTED': -22, 'RPAR': -22, 'SAVED': -22, 'SPOT': 30, 'WORD': -22, '_AND': -22,
     '_AREA': 32, '_MINUS': -22, '_NOT': -22, '_OR': -22, 'area': 59, 'at': 60, 'count': 61, 'spot':
     62},
    {'$END': -39, 'AT': -39, 'COMPARE': -39, 'CONF': -39, 'FIELD': -39, 'KIND': -39, 'LPAR': -39,
     'NUMERIC': -39, 'QUOTED': -39, 'RPAR': -39, 'SAVED': -39, 'SPOT': -39, 'WORD': -39, '_AND':
     -39, '_AREA': -39, '_MINUS': -39, '_NOT': -39, '_OR': -39},
    {'$END': -46, 'CONF': -46, 'FIELD': -46, 'KIND': -46, 'LPAR': -46, 'NUMERIC': -46, 'QUOTED':
     -46, 'RPAR': -46, 'SAVED': -46, 'WORD': -46, '_AND': -46, '_MINUS': -46, '_NOT': -46, '_OR':
     -46},
    {'$END': -43, 'RPAR': -43, '_OR': -43},
)
