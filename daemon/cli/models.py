"""``phototag models``: which models there are, where their weights lie, whether they are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import Settings, pass_settings

if TYPE_CHECKING:
    from ...models.manifest import Manifest
    from ...models.store import FileStatus

_BAD_STATES = {"absent", "wrong"}


@click.group("models", short_help="The recognition models and their files.")
def command() -> None:
    """List the recognition models, or verify their files."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def list_models(settings: Settings, as_json: bool) -> None:
    """List every known model, where it comes from and what state its files are in.

    `*` marks the models in use; `verify` looks into the files.
    """
    from .. import output

    found = _models(settings, verify=False)
    if as_json:
        output.print_json([_to_dict(manifest, files, settings) for manifest, files in found])
        return
    output.print_table(
        ("", "name", "kind", "state", "MB", "engines", "licence", "source"),
        [
            (
                "*" if _is_in_use(manifest, settings) else "",
                manifest.name,
                manifest.kind,
                _worst_state(files),
                f"{_bytes(files) / 1e6:.1f}" if _bytes(files) else "",
                ", ".join(spec.engine for spec in manifest.runtimes),
                manifest.licence,
                files[0].source,
            )
            for manifest, files in found
        ],
    )


@command.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@pass_settings
def verify_models(settings: Settings, names: tuple[str, ...]) -> int:
    """Read the files of models (default: those in use) and compare their sha256 sums.

    Exit code 1 if a file is absent or is not the one that the model needs.
    """
    found = _models(settings, verify=True, names=names)
    unknown = set(names) - {manifest.name for manifest, _ in found}
    if unknown:
        raise click.UsageError(f"no model is called {', '.join(sorted(unknown))}")
    for manifest, files in found:
        for file in files:
            click.echo(f"{file.state:<9}  {manifest.name}  {file.path}  {file.sha256}".rstrip())
    bad = any(file.state in _BAD_STATES for _, files in found for file in files)
    return 1 if bad else 0


def _models(
    settings: Settings, *, verify: bool, names: tuple[str, ...] = ()
) -> list[tuple[Manifest, tuple[FileStatus, ...]]]:
    """Return manifests with the state of their files; to verify, only those named or in use."""
    from ...models.manifest import find_manifests
    from ...models.store import WeightsStore

    models = settings.config.models
    store = WeightsStore(models.directory, models.cache)
    wanted = set(names) or {models.classifier, models.detector}
    return [
        (manifest, store.status(manifest, verify=verify))
        for manifest in find_manifests(models.directory).values()
        if not verify or manifest.name in wanted
    ]


def _is_in_use(manifest: Manifest, settings: Settings) -> bool:
    models = settings.config.models
    return manifest.name in (models.classifier, models.detector)


def _to_dict(
    manifest: Manifest, files: tuple[FileStatus, ...], settings: Settings
) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "kind": manifest.kind,
        "in_use": _is_in_use(manifest, settings),
        "state": _worst_state(files),
        "bytes": _bytes(files),
        "engines": [spec.engine for spec in manifest.runtimes],
        "licence": manifest.licence,
        "source": files[0].source,
    }


def _bytes(files: tuple[FileStatus, ...]) -> int:
    return sum(file.size or file.expected_size for file in files)


def _worst_state(files: tuple[FileStatus, ...]) -> str:
    order = ("wrong", "absent", "unchecked", "present", "verified")
    return min((file.state for file in files), key=order.index)
