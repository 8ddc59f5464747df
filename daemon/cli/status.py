"""``phototag status``: does the daemon run, does it see everything, what is left to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from ..monitoring.status import LEAST_FREE_BYTES
from ..printable import count
from . import Settings, pass_settings

if TYPE_CHECKING:
    from ...db.records import TagStats

EXIT_DEGRADED = 3
EXIT_NOT_RUNNING = 4
MOST_DIFFERENCES = 20
SILENT_SECONDS = 20.0


@click.command("status", short_help="Does the daemon run, and does it see everything?")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--check", is_flag=True, help="Walk the folders and compare them with the catalog.")
@pass_settings
def command(settings: Settings, as_json: bool, check: bool) -> int:
    """Print whether the daemon runs, what is left to do, and what keeps it from seeing all.

    With --check the folders are walked: exit code 1 if they and the catalog differ; up to 20
    differences are named. Otherwise: 0 healthy, 3 degraded, 4 not running.
    """
    from .. import output

    if check:
        return _check(settings)
    found = _gather(settings)
    if as_json:
        output.print_json(found)
    else:
        _print(found)
    if not found["running"]:
        return EXIT_NOT_RUNNING
    return EXIT_DEGRADED if found["degraded"] else 0


def _gather(settings: Settings) -> dict[str, Any]:
    """Join what the daemon wrote with what can be seen from here."""
    from ...db.errors import CatalogAbsent, CatalogError
    from ...db.opening import unreachable
    from ...db.reader import CatalogReader
    from ..monitoring.status import measure, read_status, running_status
    from ..printable import printable

    path = settings.config.catalog.path
    try:
        running = running_status(path)
    except OSError as error:
        raise unreachable(path, error) from None
    said = running or read_status(path)
    troubles = list(running.get("degraded", []))
    queue: dict[str, int] = {}
    tags: dict[str, Any] = {}
    try:
        with CatalogReader.open(path) as reader:
            queue = {str(state): number for state, number in reader.counts().items()}
            tags = _tags(reader.tag_stats())
    except CatalogAbsent:
        pass
    except CatalogError as error:
        troubles.append({"reason": str(error), "remedy": error.remedy})
    sizes = measure(path)
    troubles += _seen_from_here(sizes.get("disk_free"), running)
    found = {
        "running": bool(running),
        "pid": running.get("pid"),
        "since": running.get("since"),
        "catalog": printable(path),
        "queue": queue,
        "tags": tags,
        "rate": running.get("rate", 0.0),
        "eta_seconds": None,
        "scans": said.get("scans", 0),
        "overflows": said.get("overflows", 0),
        "restarts": said.get("restarts", 0),
        "commands": said.get("commands", {}),
        "roots": said.get("roots", []),
        "degraded": troubles,
        "wal_bytes": sizes["wal"],
        "disk_free": sizes.get("disk_free"),
        "updated": said.get("updated"),
    }
    if found["rate"]:
        found["eta_seconds"] = round(queue.get("pending", 0) / found["rate"])
    return found


def _tags(stats: TagStats) -> dict[str, Any]:
    return {
        "written": dict(stats.written),
        "refused": [{"reason": reason, "files": number} for reason, number in stats.refused],
        "waiting": stats.waiting,
    }


def _seen_from_here(free: int | None, said: dict[str, Any]) -> list[dict[str, str]]:
    """Return what a daemon that hangs, or cannot write, does not tell itself."""
    found = []
    silent = time.time() - said.get("updated", time.time())
    if silent > SILENT_SECONDS:
        reason = f"the daemon has said nothing for {silent:.0f} s"
        found.append({"reason": reason, "remedy": "look at its log; restart it if it hangs"})
    if free is not None and free < LEAST_FREE_BYTES and not said.get("paused"):
        reason = f"the catalog's disk is full: {free >> 20} MiB are free"
        found.append({"reason": reason, "remedy": "make room; the daemon goes on by itself"})
    return found


def _print(found: dict[str, Any]) -> None:
    if found["running"]:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(found["since"]))
        click.echo(f"running     process {found['pid']}, since {since}")
    else:
        click.echo("not running (start it with: phototag watch DIR)")
    click.echo(f"catalog     {found['catalog']}")
    for state, number in found["queue"].items():
        click.echo(f"{state:<11} {count(number, 'photo')}")
    if found["eta_seconds"]:
        minutes = found["eta_seconds"] / 60
        click.echo(f"rate        {found['rate']:.1f} photos/s, {minutes:,.0f} minutes left")
    _print_tags(found["tags"])
    for root in found["roots"]:
        unwatched = f", {root['unwatched']} not watched" if root["unwatched"] else ""
        click.echo(
            f"folder      {root['path']}: {root['state']}, by {root['mode']},"
            f" {count(root['watched'], 'folder')} watched{unwatched}"
        )
    commands = found["commands"]
    if commands.get("run") or commands.get("waiting"):
        click.echo(
            f"commands    {commands['run']:,} run, {commands['failed']:,} failed,"
            f" {commands['waiting']:,} wait"
        )
    for trouble in found["degraded"]:
        click.echo(f"DEGRADED    {trouble['reason']}")
        if trouble["remedy"]:
            click.echo(f"            what to do: {trouble['remedy']}")


def _print_tags(tags: dict[str, Any]) -> None:
    """Print what was written into files, and what was left alone and why."""
    if not tags:
        return
    parts = [f"{number:,} in {target}" for target, number in tags["written"].items()]
    if tags["waiting"]:
        parts.append(f"{count(tags['waiting'], 'photo')} to do")
    if parts:
        click.echo(f"tags        {', '.join(parts)}")
    for entry in tags["refused"]:
        click.echo(f"not tagged  {count(entry['files'], 'file')}: {entry['reason']}")


def _check(settings: Settings) -> int:
    from ..compare import compare_with_disk

    differences = compare_with_disk(settings.config)
    for line in differences[:MOST_DIFFERENCES]:
        click.echo(line)
    hidden = len(differences) - MOST_DIFFERENCES
    if hidden > 0:
        click.echo(f"... and {hidden} more")
    if not differences:
        click.echo("catalog and disk agree")
    return 1 if differences else 0
