"""The command line: verbs, exit codes, known errors as one line.

Exit codes: 0 done, 1 nothing found or some photos failed, 2 the command cannot be understood
or the program cannot work as asked, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..config import Config, ConfigError, load_config

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each verb is a module of its own that is loaded when it is used: `search` must start at once.
VERBS = (
    "watch",
    "scan",
    "search",
    "save",
    "saved",
    "show",
    "export",
    "facets",
    "why",
    "reject",
    "confirm",
    "add",
    "review",
    "calibrate",
    "refresh",
    "retag",
    "prune",
    "labels",
    "predict",
    "stats",
    "status",
    "doctor",
    "list",
    "write",
    "unwrite",
    "retry",
    "confirm-missing",
    "db",
    "models",
    "config",
    "completion",
    "service",
    "metrics",
)


class LazyGroup(click.Group):
    """Finds a verb's command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which one needs them."""
        return [*VERBS]  # the verb `list` is a module of this package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return its command."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f".{cmd_name.replace('-', '_')}", __name__)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for one that does not exist."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


class Settings:
    """The configuration, read when a verb first asks for it: ``--help`` needs none."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._config: Config | None = None

    @property
    def config(self) -> Config:
        """Return the effective settings. Raises ConfigError."""
        if self._config is None:
            self._config = load_config(self.file, os.environ)
        return self._config


class Ended(click.ClickException):
    """The end of the program with a reason and an exit code of its own."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.code = exit_code


pass_settings = click.make_pass_decorator(Settings)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"{ctx.info_name} {version('phototagd')}")
        ctx.exit()


version_option = click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    \b
    Start with:
      phototag scan ~/Pictures        name what is on every photo, once
      phototag search cat             the photos with a cat
      phototag watch ~/Pictures       the same for each new photo, until Ctrl-C
    """,
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from FILE instead of the default place.",
)
@version_option
@click.pass_context
def phototag(ctx: click.Context, config_file: Path | None) -> None:
    """Find photos by what is on them.

    phototag looks at every picture with an image classifier and an object detector, keeps names
    and boxes in a catalog, and answers questions. Your photos are only read, unless you ask it to
    write tags into them.
    """
    ctx.obj = Settings(config_file)


def main(
    args: Sequence[str] | None = None,
    program: str = "phototag",
    command: click.Command = phototag,
) -> NoReturn:
    """Run the command line; known errors become one line on standard error."""
    if "_PHOTOTAG_COMPLETE" in os.environ:
        from . import completing  # noqa: F401  # bash is asked in a way of our own
    try:
        code = command.main(
            args,
            prog_name=program,
            standalone_mode=False,
            obj=Settings(None),
            **phototag.context_settings,
        )
    except click.exceptions.Exit as end:
        code = end.exit_code
    except Ended as error:
        code = _fail(error.message, error.code)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = _fail("stopped", 130)
    except SystemExit:  # click's end when `phototag search ... | head` has read enough
        code = 0
    except known_errors() as error:
        code = _fail(str(error), 2)
    sys.exit(code if isinstance(code, int) else 0)


def known_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose text is meant for the person at the terminal."""
    from ...db.errors import CatalogError, QueryError
    from ...models.errors import ModelError
    from ..errors import PhotoError, RecognizerError

    return (ConfigError, CatalogError, QueryError, ModelError, PhotoError, RecognizerError)


def _fail(text: str, code: int) -> int:
    click.echo(f"phototag: {text}", err=True)
    return code


def real_folders(folders: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return absolute paths of the folders; one that is none is a usage error."""
    roots = tuple(os.path.abspath(os.path.expanduser(folder)) for folder in folders)
    for root in roots:
        if not os.path.isdir(root):
            raise click.UsageError(f"{root.decode('utf-8', 'backslashreplace')} is not a folder")
    return roots


def hint(settings: Settings) -> str:
    """Return the search command as it must be typed here: not everybody has it on the PATH."""
    import shutil

    beside = Path(sys.argv[0]).with_name("phototag")
    program = "phototag" if shutil.which("phototag") or not beside.exists() else str(beside)
    option = f" --config {settings.file}" if settings.file else ""
    return f"{program}{option} search cat"
