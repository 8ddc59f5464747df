"""What does not belong into a public bug report: names of people, of photos and their folders."""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ..printable import printable, printable_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .findings import Finding

USER: Final = "USER"
FIRST_PERSON: Final = 1000  # user ids below are the system's; see login.defs(5)
LAST_PERSON: Final = 60_000
_QUOTED: Final = re.compile(r"(?<!\w)(?:'[^']{2,}'|\"[^\"]{2,}\")(?!\w)")
_SAVED: Final = re.compile(
    r"(links of )[\w-]+(?:: /[^:]*)?|(saved search |on_match\.|--delete )[\w-]+"
)


class Hider:
    """Rewrites paths in a text: the home becomes ~, users' names USER, what lies in roots `...`."""

    def __init__(self, roots: Iterable[bytes], homes: Iterable[str], users: Iterable[str]) -> None:
        written = {text for root in roots for text in (printable(root), repr(root)[2:-1])}
        tops = sorted(written - {"/"}, key=len, reverse=True)
        self._inside = [re.compile(rf"{re.escape(top)}/(?:.*(?=: )|.*)") for top in tops]
        self._tops = tops
        places = sorted({home.rstrip("/") for home in homes} - {""}, key=len, reverse=True)
        self._homes = [re.compile(rf"(?<![\w/.-]){re.escape(home)}(?![\w.-])") for home in places]
        names = "|".join(map(re.escape, sorted(set(users), key=len, reverse=True)))
        self._users = re.compile(rf"(?<=/)(?:{names})(?=\.toml\b|[^\w.-]|$)") if names else None

    def hide(self, text: str) -> str:
        """Return the text as anybody may read it, on one line."""
        text = printable_text(" ".join(text.split()))
        for top, inside in zip(self._tops, self._inside, strict=True):
            text = inside.sub(partial(self._shortened, top), text)
        for home in self._homes:
            text = home.sub("~", text)
        text = re.sub(r"(?<![\w~])(/(?:var/)?home|/Users)/[^/\s:;,\"']+", rf"\1/{USER}", text)
        return self._users.sub(USER, text) if self._users else text

    def hide_in(self, finding: Finding) -> Finding:
        """Return the finding as anybody may read it."""
        return replace(finding, text=self.hide(finding.text), remedy=self.hide(finding.remedy))

    def _shortened(self, top: str, found: re.Match[str]) -> str:
        """Leave other roots, which may lie inside this one; they are named by the settings."""
        path = found[0]
        is_root = any(
            path == other or path.startswith((f"{other}/...", f"{other}: "))
            for other in self._tops
            if other != top
        )
        return path if is_root else f"{top}/..."


def without_names(text: str) -> str:
    """Return a text without what it quotes, and without the names and places of saved searches.

    >>> without_names("saved search anna: no label is called 'ben'")
    'saved search NAME: no label is called ...'
    """
    unquoted = _QUOTED.sub("...", text)
    return _SAVED.sub(lambda found: f"{found[1] or found[2]}NAME", unquoted)


def hider_here(roots: Iterable[bytes]) -> Hider:
    """Return a hider of this computer's people."""
    own = pwd.getpwuid(os.geteuid())
    homes = {os.path.expanduser("~"), os.path.realpath(os.path.expanduser("~")), own.pw_dir}
    people = {one.pw_name for one in pwd.getpwall() if FIRST_PERSON <= one.pw_uid < LAST_PERSON}
    people |= {name for name in (own.pw_name, os.environ.get("SUDO_USER", "")) if name}
    return Hider(roots, homes - {"/"}, people - {"root", "phototag"})
