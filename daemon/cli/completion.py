"""``phototag completion``: lets a shell complete verbs, options and queries."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Lets bash, zsh or fish complete what you type.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that lets a SHELL complete verbs, options, and queries.

    Names of labels, cameras, places and saved searches come from the catalog as it is.

    \b
    Put into the shell's start-up file:
      bash   eval "$(phototag completion bash)"
      zsh    eval "$(phototag completion zsh)"
      fish   phototag completion fish | source
    """
    from click.shell_completion import get_completion_class

    from . import completing  # noqa: F401  # it brings a bash of its own

    found = get_completion_class(shell)
    root = ctx.find_root()
    if found is None or root.info_name is None:
        raise click.UsageError(f"no completion for {shell}")
    variable = f"_{root.info_name}_complete".replace("-", "_").upper()
    click.echo(found(root.command, {}, root.info_name, variable).source())
    return 0
