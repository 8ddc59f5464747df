"""Text as it stands in metadata: its characters decoded, what cannot be seen taken out."""

from __future__ import annotations

import unicodedata

_MAX_RAW = 4096  # characters before cleaning


def decode_text(data: bytes) -> str:
    r"""Return bytes of which nobody said what characters they are.

    >>> decode_text(b"Stra\xc3\x9fe"), decode_text(b"Stra\xdfe")
    ('Straße', 'Straße')
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def clean(raw: str) -> str:
    r"""Return a text in NFC with single spaces and no character that cannot be seen.

    >>> clean(" sandy\tbeach\0 ")
    'sandy beach'
    """
    spaced = " ".join(raw[:_MAX_RAW].split())
    kept = (
        c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff"
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip()
