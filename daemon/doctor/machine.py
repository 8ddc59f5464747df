"""The computer: system, processor, memory, clock."""

from __future__ import annotations

import os
import platform
import re
import resource
import time
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .daemon import installed_at
from .findings import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding

# What the engines make use of, and what OpenVINO cannot do without.
FEATURES: Final = (
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16",
    "amx_bf16", "amx_int8", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve",
)  # fmt: skip
NEEDED: Final = {"x86_64": "sse4_2", "aarch64": "asimd"}
LEAST_MEMORY: Final = 1 << 30  # models and a photo of 100 megapixels
MIB: Final = 1 << 20
NO_LIMIT: Final = 1 << 60  # version 1 of control groups writes "none" as a huge number


def check_machine(case: Case) -> Iterator[Finding]:
    """Look at what the program runs on."""
    yield ok(f"{_distribution()}, kernel {platform.release()} {platform.machine()}")
    yield from check_processor(_read("/proc/cpuinfo"), platform.machine())
    yield from _memory(case)
    yield from check_clock(time.time(), installed_at())
    yield from _time_zone()


def check_processor(cpuinfo: str, machine: str) -> Iterator[Finding]:
    """Look at the processor by the text of /proc/cpuinfo; see proc(5)."""
    flags = set(_first(r"(?:flags|Features)", cpuinfo).split())
    model = _first(r"(?:model name|Model)", cpuinfo) or "processor of unknown name"
    usable, there = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    features = " ".join(name for name in FEATURES if name in flags) or "no feature known"
    yield ok(f"{model}, {usable} of {there} processors usable, {features}")
    needed = NEEDED.get(machine)
    if flags and needed and needed not in flags:
        yield problem(
            f"this processor has no {needed}, which OpenVINO needs",
            '[models] engine = "opencv", and a classifier that runs in it: phototag models list',
        )
    elif machine not in NEEDED:
        yield note(
            f"there is no OpenVINO for {machine}: pictures are looked at in OpenCV, more slowly"
        )
    quota = _quota()
    if quota is not None and quota < usable:
        yield note(f"a control group allows {quota:.2g} processors' time")


def check_clock(now: float, installed_at: float) -> Iterator[Finding]:
    """Compare the clock with the moment at which the program was installed."""
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < installed_at:
        installed = time.strftime("%Y-%m-%d", time.gmtime(installed_at))
        yield problem(
            f"the clock says {said}, but the program was installed on {installed}",
            "sudo timedatectl set-ntp true, or set the clock by hand",
        )
    else:
        yield ok(f"the clock says {said}")


def _time_zone() -> Iterator[Finding]:
    name = os.environ.get("TZ", "").removeprefix(":")
    if name and not name.startswith("/") and not re.search(r"\d", name):
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            yield problem(
                f"TZ={name} is no time zone that this system knows: UTC is used for it",
                "install the package tzdata, or set TZ to one of `timedatectl list-timezones`",
            )
            return
    yield ok(f"time zone {time.strftime('%Z, UTC%z')}")


def _memory(case: Case) -> Iterator[Finding]:
    sizes = dict(re.findall(r"(?m)^(\w+):\s+(\d+) kB", _read("/proc/meminfo")))
    total = int(sizes.get("MemTotal", 0)) * 1024
    if not total:
        return
    available = int(sizes.get("MemAvailable", 0)) * 1024
    limits = {"a control group": _group_limit(), "RLIMIT_AS": _address_limit()}
    limit = case.config.worker.memory_limit_mib * MIB
    said = f"{total // MIB:,} MiB of memory, {available // MIB:,} available"
    yield ok(f"{said}; worker.memory_limit_mib = {limit // MIB}")
    room = min([total, *(size for size in limits.values() if size)])
    for who, size in limits.items():
        if size and size < total:
            yield note(f"{who} allows {size // MIB:,} MiB")
    if room < LEAST_MEMORY:
        yield problem(
            f"{room // MIB:,} MiB are little: large photos may fail",
            "[worker] threads = 1, and decode.max_megapixels as large as your largest photo",
        )


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _group() -> Path:
    """Return the folder of this process's control group, version 2; see cgroups(7)."""
    name = _first("0::", _read("/proc/self/cgroup"), between="")
    return Path("/sys/fs/cgroup", name.lstrip("/"))


def _group_limit() -> int | None:
    text = _read(_group() / "memory.max").strip()
    return int(text) if text.isdigit() and int(text) < NO_LIMIT else None


def _quota() -> float | None:
    quota, _, period = _read(_group() / "cpu.max").strip().partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _address_limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _first(label: str, text: str, between: str = r"\s*:\s*") -> str:
    found = re.search(rf"(?m)^{label}{between}(.*)$", text)
    return found[1] if found else ""


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
