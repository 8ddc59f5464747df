"""Which unit files this installation of the program needs, and where they belong."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .units import (
    FOLDERS_DROP_IN,
    NAMESPACES_DROP_IN,
    SYSTEM_FOLDERS,
    UNIT,
    UnitFile,
    fill_unit,
    folders_drop_in,
    is_untouched,
    namespaces_drop_in,
    read_text,
    shipped,
)

if TYPE_CHECKING:
    from ..config import Config

# What the units open for writing by StateDirectory= and CacheDirectory=, or ReadWritePaths=.
SYSTEM_PLACES = ("/var/lib/phototagd", "/var/cache/phototagd")
USER_PLACES = ("~/.local/share/phototagd", "~/.cache/phototagd")
# What a unit with PrivateTmp= does not see.
TEMPORARY = (b"/tmp", b"/var/tmp")


@dataclass(frozen=True, slots=True)
class Installation:
    """What a service is to be made of; ``settings`` is the file that it reads.

    ``user`` is whom the system's service runs as; None: the service is of the user who installs.
    """

    program: Path
    config: Config
    settings: Path | None
    user: str | None
    has_namespaces: bool = True

    @property
    def is_user(self) -> bool:
        """Tell whether it is a service of one user's own manager."""
        return self.user is None

    @property
    def _writes_tags(self) -> bool:
        return self.config.tags.write != "off"

    @property
    def folder(self) -> Path:
        """Where the unit and, beside it, its drop-ins lie."""
        return unit_folder(is_user=self.is_user)

    def with_namespaces(self, has_namespaces: bool) -> Installation:
        """Return it for a manager that can, or cannot, shut programs in."""
        return replace(self, has_namespaces=has_namespaces)

    def unit_files(self) -> list[UnitFile]:
        """Return the files that it needs; a package's own unit is not written again."""
        drop_ins = self.folder / f"{UNIT}.d"
        found = []
        if not self._is_packaged():
            reason = f"starts {self.program} and says what it may do"
            found.append(UnitFile(self.folder / UNIT, self._unit(), reason))
        if not self.has_namespaces:
            reason = "does without what this system refuses to its users"
            found.append(UnitFile(drop_ins / NAMESPACES_DROP_IN, namespaces_drop_in(), reason))
        writable = self.to_open()
        shown = any(_is_below(path, TEMPORARY) for path in self._all_places())
        if writable or shown:
            text = folders_drop_in(
                writable, is_tmp_shown=shown, are_groups_kept=self._writes_tags and not self.is_user
            )
            names = ", ".join(os.fsdecode(path) for path in writable)
            reason = f"opens for writing: {names}" if writable else "shows what lies in /tmp"
            found.append(UnitFile(drop_ins / FOLDERS_DROP_IN, text, reason))
        return found

    def outdated_files(self) -> list[Path]:
        """Return the files of ours that it does not need any more."""
        needed = {file.path for file in self.unit_files()}
        return [
            path
            for path in possible_files(self.folder)
            if path not in needed and (text := read_text(path)) is not None and is_untouched(text)
        ]

    def folders_to_make(self) -> list[bytes]:
        """Return the folders that a user's service needs and does not make itself."""
        if not self.is_user:
            return []
        return [folder for folder in self.own_folders() if not os.path.isdir(folder)]

    def own_folders(self) -> list[bytes]:
        """Return where catalog and converted models lie."""
        config = self.config
        return [os.path.dirname(config.catalog.path), os.fsencode(config.models.cache)]

    def writable(self) -> list[bytes]:
        """Return the folders that the service must be able to write to."""
        wanted = self.own_folders()
        if self._writes_tags:
            wanted += [root.path for root in self.config.roots]
        if self.config.metrics_textfile:
            wanted.append(os.path.dirname(self.config.metrics_textfile))
        return list(dict.fromkeys(wanted))

    def to_open(self) -> list[bytes]:
        """Return those of them that the unit does not open by itself."""
        own = USER_PLACES if self.is_user else SYSTEM_PLACES
        opened = tuple(os.fsencode(os.path.expanduser(place)) for place in own)
        return [path for path in self.writable() if not _is_below(path, opened)]

    def _all_places(self) -> list[bytes]:
        files = [self.program, *([] if self.settings is None else [self.settings])]
        roots = (root.path for root in self.config.roots)
        return [*self.writable(), *roots, *map(os.fsencode, files)]

    def _unit(self) -> str:
        group = None if self.user is None else group_of(self.user)
        return fill_unit(shipped(is_user=self.is_user), self._command(), self.user, group)

    def _command(self) -> list[str]:
        options = [] if self.settings is None else ["--config", str(self.settings)]
        return [str(self.program), *options]

    def _is_packaged(self) -> bool:
        """Tell whether a package of the system has brought the unit for just this."""
        if self.is_user:
            return False
        program, *options = self._command()
        for folder in SYSTEM_FOLDERS[1:]:
            text = read_text(Path(folder) / UNIT)
            if text is not None:
                started, *given = text.partition("ExecStart=")[2].partition("\n")[0].split()
                is_ours = os.path.realpath(started) == os.path.realpath(program)
                return is_ours and given == options and f"\nUser={self.user}\n" in text
        return False


def find_program() -> Path:
    """Return where this installation's daemon lies; raises FileNotFoundError if it has none."""
    for place in (Path(sys.argv[0]).absolute().parent, Path(sys.prefix) / "bin"):
        if (place / "phototagd").is_file():
            return place / "phototagd"
    raise FileNotFoundError(f"no program phototagd in {Path(sys.prefix) / 'bin'}")


def possible_files(folder: Path) -> list[Path]:
    """Return all places below a folder of units where a file of ours may be."""
    drop_ins = folder / f"{UNIT}.d"
    return [folder / UNIT, *(drop_ins / name for name in (NAMESPACES_DROP_IN, FOLDERS_DROP_IN))]


def unit_folder(*, is_user: bool) -> Path:
    """Return where units are installed."""
    return user_folder() if is_user else Path(SYSTEM_FOLDERS[0])


def user_folder() -> Path:
    """Return where a user's own units lie."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(home) / "systemd" / "user"


def group_of(user: str) -> str:
    """Return the group that a service of this user has: the user's own. Raises KeyError."""
    import grp

    number = pwd.getpwnam(user).pw_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:  # it has no name
        return str(number)


def _is_below(path: bytes, folders: tuple[bytes, ...]) -> bool:
    return any(path == folder or path.startswith(folder + b"/") for folder in folders)
