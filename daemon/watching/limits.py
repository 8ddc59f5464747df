"""The kernel's limits on file events, and the command that raises them. See inotify(7)."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

# The second name counts in a container: the smaller of the two is the limit.
WATCHES = ("fs.inotify.max_user_watches", "user.max_inotify_watches")
INSTANCES = ("fs.inotify.max_user_instances", "user.max_inotify_instances")

_STEP = {WATCHES: 65_536, INSTANCES: 128}
_USUAL = {WATCHES: 524_288, INSTANCES: 1024}  # proposed where the present value cannot be read


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the kernel's by the name that sysctl knows; None: it cannot be read."""

    name: str
    value: int | None


def read_limit(names: tuple[str, str]) -> Limit:
    """Return the smaller of two limits that count together."""
    values = {name: value for name in names if (value := _read(name)) is not None}
    if not values:
        return Limit(names[0], None)
    name = min(values, key=values.__getitem__)
    return Limit(name, values[name])


def remedy_for(number: int, lacking: int) -> str:
    """Return the sentence that says how to get ``lacking`` more, by the errno of the refusal."""
    names = WATCHES if number == errno.ENOSPC else INSTANCES
    limit = read_limit(names)
    if limit.value is None:
        wanted, now = _USUAL[names], "it cannot be read here"
    else:
        step = _STEP[names]
        # Twice what is missing: other programs of this user draw on the same limit.
        wanted, now = -(-(limit.value + 2 * lacking) // step) * step, f"now {limit.value}"
    setting = f"{limit.name}={wanted}"
    return (
        f"sudo sysctl {setting}  ({now}; to keep it: echo {setting} |"
        " sudo tee /etc/sysctl.d/60-phototagd.conf)"
    )


def _read(name: str) -> int | None:
    try:
        return int(Path("/proc/sys", *name.split(".")).read_text("ascii"))
    except (OSError, ValueError):
        return None
