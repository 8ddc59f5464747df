"""``phototag doctor``: everything that a helper would ask for, to be pasted into a report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import ConfigError, load_config
from . import Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..config import Config
    from ..doctor.findings import Finding

COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


@click.command("doctor", short_help="Look for what is wrong, and say what to do.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--quick",
    "is_quick",
    is_flag=True,
    help="Do not read the whole catalog, the models and all folders, nor try the engines.",
)
@pass_settings
def command(settings: Settings, as_json: bool, is_quick: bool) -> int:
    """Look at the program, the computer, the folders, the models, the catalog and the daemon.

    Nothing is changed, and the daemon may go on running. Names of photos and people are left out,
    so that it can be pasted into a bug report; the folders that you watch are named. Exit code 1 if
    there is a problem.

    \b
    Examples:
      phototag doctor
      phototag doctor --quick --json
    """
    from ..doctor.examination import examine
    from ..doctor.findings import Case

    config, error = _read(settings)
    progress = Progress(is_shown=sys.stderr.isatty())
    findings = examine(Case(config, error, is_quick, progress.say))
    counts = _print_json(findings) if as_json else _print(findings, progress)
    return 1 if counts["problem"] else 0


class Progress:
    """A line on the terminal that says what takes long; it is wiped away before the next text."""

    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown

    def say(self, text: str) -> None:
        """Show what is being looked at."""
        self.wipe()
        if self._is_shown:
            click.echo(f"... {text}", nl=False, err=True)

    def wipe(self) -> None:
        """Take the line away."""
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _read(settings: Settings) -> tuple[Config, str]:
    """Return the settings, or the defaults with the reason why there are no better ones."""
    try:
        return settings.config, ""
    except ConfigError as error:
        return load_config(Path(os.devnull), {}), str(error)


def _print(findings: Iterable[tuple[str, Finding]], progress: Progress) -> dict[str, int]:
    counts = dict.fromkeys(COLOURS, 0)
    last = ""
    for topic, finding in findings:
        progress.wipe()
        if topic != last:
            click.echo(f"{topic}")
            last = topic
        counts[finding.level] += 1
        level = click.style(f"{finding.level:<8}", fg=COLOURS[finding.level])
        click.echo(f"  {level} {finding.text}")
        if finding.remedy:
            click.echo(f"{'':<11}what to do: {finding.remedy}")
    from ..printable import count

    progress.wipe()
    click.echo(f"{count(counts['problem'], 'problem')}, {count(counts['note'], 'note')}")
    return counts


def _print_json(findings: Iterable[tuple[str, Finding]]) -> dict[str, int]:
    from .. import output

    counts = dict.fromkeys(COLOURS, 0)
    shown = []
    for topic, finding in findings:
        counts[finding.level] += 1
        shown.append(
            {
                "topic": topic,
                "level": str(finding.level),
                "text": finding.text,
                "remedy": finding.remedy,
            }
        )
    output.print_json({"problems": counts["problem"], "notes": counts["note"], "findings": shown})
    return counts
