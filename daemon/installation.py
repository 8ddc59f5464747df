"""Which unit files this installation of the program needs, and where they belong."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
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
    namespaces_drop_in,
    read_text,
    shipped,
)

if TYPE_CHECKING:
    from .config import Config

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
    def folder(self) -> Path:
        """Where the unit and, beside it, its drop-ins lie."""
        return user_folder() if self.is_user else Path(SYSTEM_FOLDERS[0])

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
            text = folders_drop_in(writable, is_tmp_shown=shown)
            names = ", ".join(os.fsdecode(path) for path in writable)
            reason = f"opens for writing: {names}" if writable else "shows what lies in /tmp"
            found.append(UnitFile(drop_ins / FOLDERS_DROP_IN, text, reason))
        return found

    def possible_files(self) -> list[Path]:
        """Return all places where a file of such an installation may be."""
        drop_ins = self.folder / f"{UNIT}.d"
        names = (NAMESPACES_DROP_IN, FOLDERS_DROP_IN)
        return [self.folder / UNIT, *(drop_ins / name for name in names)]

    def writable(self) -> list[bytes]:
        """Return the folders that the service must be able to write to."""
        config = self.config
        wanted = [os.path.dirname(config.catalog.path), os.fsencode(config.models.cache)]
        if config.tags.write != "off":
            wanted += [root.path for root in config.roots]
        return list(dict.fromkeys(wanted))

    def to_open(self) -> list[bytes]:
        """Return those of them that the unit does not open by itself."""
        own = USER_PLACES if self.is_user else SYSTEM_PLACES
        opened = tuple(os.fsencode(os.path.expanduser(place)) for place in own)
        return [path for path in self.writable() if not _is_below(path, opened)]

    def _all_places(self) -> list[bytes]:
        return [*self.writable(), *(root.path for root in self.config.roots)]

    def _unit(self) -> str:
        command = [str(self.program)]
        if self.settings is not None:
            command += ["--config", str(self.settings)]
        group = None if self.user is None else _group_of(self.user)
        return fill_unit(shipped(is_user=self.is_user), command, self.user, group)

    def _is_packaged(self) -> bool:
        """Tell whether a package of the system has brought the unit for this very program."""
        if self.is_user:
            return False
        for folder in SYSTEM_FOLDERS[1:]:
            text = read_text(Path(folder) / UNIT)
            if text is not None:
                started = text.partition("ExecStart=")[2].split()[0]
                is_ours = os.path.realpath(started) == os.path.realpath(self.program)
                return is_ours and f"\nUser={self.user}\n" in text
        return False


def find_program() -> Path:
    """Return where this installation's daemon lies; raises FileNotFoundError if it has none."""
    for place in (Path(sys.argv[0]).absolute().parent, Path(sys.prefix) / "bin"):
        if (place / "phototagd").is_file():
            return place / "phototagd"
    raise FileNotFoundError(f"no program phototagd in {Path(sys.prefix) / 'bin'}")


def user_folder() -> Path:
    """Return where a user's own units lie."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(home) / "systemd" / "user"


def _group_of(user: str) -> str:
    import grp

    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _is_below(path: bytes, folders: tuple[bytes, ...]) -> bool:
    return any(path == folder or path.startswith(folder + b"/") for folder in folders)
