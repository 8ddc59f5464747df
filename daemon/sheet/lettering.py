"""Fonts for names in any alphabet: the machine's where they have the letters, else Pillow's own."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from PIL import ImageFont

# Widespread fonts, in the order of looks; each has letters that the ones before it lack.
_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "unifont.ttf",
    "Arial Unicode.ttf",
)
_NO_LETTER = "\U0010ffff"
UNSHOWN = "?"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int) -> Font:
    """Return the first font that has all letters of a text, or Pillow's own."""
    plain = plain_font(size)
    if text.isascii() or _has_all(plain, text):
        return plain
    for name in _FONTS:
        font = load_font(name, size)
        if font is not None and _has_all(font, text):
            return font
    return plain


def showable(text: str, font: Font) -> str:
    """Return a text with the bare form, or else a mark, of each letter that the font lacks."""
    return "".join(letter if _has(font, letter) else _nearest(letter, font) for letter in text)


def shorten(text: str, font: Font, width: float) -> str:
    """Cut a text to so many pixels, with a mark at its end."""
    if font.getlength(text) <= width:
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if font.getlength(text[:middle] + "...") <= width:
            least = middle
        else:
            most = middle - 1
    return text[:least] + "..."


@cache
def plain_font(size: int) -> Font:
    """Return Pillow's own font, which is always there."""
    return ImageFont.load_default(size)


@cache
def load_font(name: str, size: int) -> Font | None:
    """Return one of the machine's fonts, or None if it has none of this name."""
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


def _nearest(letter: str, font: Font) -> str:
    bare = unicodedata.normalize("NFKD", letter)[:1]
    return bare if _has(font, bare) else UNSHOWN


def _has_all(font: Font, text: str) -> bool:
    return all(_has(font, letter) for letter in text)


@lru_cache(maxsize=8192)
def _has(font: Font, letter: str) -> bool:
    """Say whether a font has a letter: what it lacks it draws as it draws no letter at all."""
    if letter.isascii():
        return True
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))
