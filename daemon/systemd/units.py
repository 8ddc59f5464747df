"""systemd's unit files for one installation: made from those that are shipped, never over edits.

See systemd.unit(5), systemd.exec(5). A file that was written here carries a digest of itself in
its first line: one whose digest is wrong was edited by a person and is left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from ..atomic import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

UNIT: Final = "phototagd.service"
FOLDERS_DROP_IN: Final = "50-folders.conf"
NAMESPACES_DROP_IN: Final = "40-no-namespaces.conf"

SYSTEM_FOLDERS: Final = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_NEED_NAMESPACES: Final = (
    "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateNetwork",
    "PrivateUsers", "ProtectClock", "ProtectHostname", "ProtectKernelTunables",
    "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectProc",
    "ProcSubset", "ReadWritePaths",
)  # fmt: skip
_NEUTRAL: Final = {"ProtectProc": "default", "ProcSubset": "all", "ReadWritePaths": ""}
# Control characters, and what os.fsdecode() makes of bytes that are no UTF-8.
_RAW_BYTE: Final = re.compile(r"[\x00-\x1f\x7f\udc80-\udcff]")
_SIGNATURE: Final = re.compile(r"# Written by `phototag service install`; digest ([0-9a-f]{16})\n")


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A file that an installation needs, and why."""

    path: Path
    text: str
    reason: str


def shipped(*, is_user: bool) -> str:
    """Return the unit as it is shipped."""
    folder = files("phototagd.systemd")
    return (folder / "user" / UNIT if is_user else folder / UNIT).read_text("utf-8")


def fill_unit(text: str, command: Sequence[str], user: str | None, group: str | None) -> str:
    """Return the unit for a program at another place and, in the system, for another user."""
    # A path there is taken as it stands, but for specifiers; bytes that are no text it cannot say.
    is_text = not _RAW_BYTE.search(command[0])
    text = _set(text, "ConditionFileIsExecutable", command[0].replace("%", "%%") * is_text)
    text = _set(text, "ExecStart", " ".join(quote(word).replace("$", "$$") for word in command))
    if user is not None and group is not None:
        text = _set(_set(text, "User", user), "Group", group)
    return text


def folders_drop_in(
    writable: Iterable[bytes], *, is_tmp_shown: bool, are_groups_kept: bool = False
) -> str:
    """Return the drop-in that opens folders for writing; one that is not there is passed over.

    ``is_tmp_shown``: photos or catalog lie in /tmp, which the unit would hide. ``are_groups_kept``:
    a photo that is written may belong to any group of its user, who else could not name it.
    """
    lines = ["# Made from the settings; run `phototag service install` again when they change.\n"]
    lines.append("[Service]\n")
    lines += [f"ReadWritePaths={quote('-' + os.fsdecode(path))}\n" for path in writable]
    if is_tmp_shown:
        lines.append("PrivateTmp=no\n")
    if are_groups_kept:
        lines.append("PrivateUsers=no\nSystemCallFilter=fchown\n")
    return "".join(lines)


def namespaces_drop_in() -> str:
    """Return the drop-in for managers that may not make namespaces: what is left needs none."""
    settings = "".join(f"{key}={_NEUTRAL.get(key, 'no')}\n" for key in _NEED_NAMESPACES)
    return (
        "# This system lets users make no namespaces. The network stays closed by the rule that\n"
        "# no socket of its families can be opened.\n[Service]\n" + settings
    )


def quote(word: str) -> str:
    r"""Write a word so that a unit file means just it.

    >>> print(quote("/home/me/100% mine"))
    "/home/me/100%% mine"
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = _RAW_BYTE.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", escaped)
    return f'"{escaped}"' if re.search(r"[^\w/.,:@%+=-]", escaped) else escaped


def sign(text: str) -> str:
    """Put the line before a text by which it is known again."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"# Written by `phototag service install`; digest {digest}\n{text}"


def is_untouched(text: str) -> bool:
    """Tell whether a file is one of ours that nobody has edited."""
    found = _SIGNATURE.match(text)
    return found is not None and sign(text[found.end() :]) == text


def read_text(path: Path) -> str | None:
    """Return a file's text, or None if there is none; one that may not be read has no text."""
    try:
        return path.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return ""


def find_edited(unit_files: Iterable[UnitFile]) -> list[UnitFile]:
    """Return those of the files in whose place stands what a person wrote or edited."""
    there = ((file, read_text(file.path)) for file in unit_files)
    return [file for file, text in there if text is not None and not is_untouched(text)]


def write_unit(file: UnitFile) -> bool:
    """Put a signed file in its place in one step; tell whether it was another before.

    Raises OSError.
    """
    text = sign(file.text)
    if read_text(file.path) == text:
        return False
    file.path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(os.fsencode(file.path), mode=0o644) as new:
        new.write(text.encode())
    return True


def _set(text: str, key: str, value: str) -> str:
    return re.sub(rf"(?m)^{key}=.*$", lambda _found: f"{key}={value}", text, count=1)
