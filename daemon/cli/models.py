"""``phototag models``: which models there are, their files, and choosing among them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..printable import count
from . import Ended, Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...models.manifest import Manifest
    from ...models.store import FileStatus, WeightsStore

_BAD_STATES = {"absent", "wrong"}


@click.group("models", short_help="The recognition models and their files.")
def command() -> None:
    """List the recognition models, get their files, choose which ones look at the photos."""


@command.command("list", short_help="All known models, and those in use.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def list_models(settings: Settings, as_json: bool) -> None:
    """List every known model, where it comes from and what state its files are in.

    `*` marks the models in use; `verify` looks into the files.
    """
    from .. import output

    found = [(manifest, _store(settings).status(manifest)) for manifest in _known(settings)]
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


@command.command("show", short_help="What is known of a model.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def show_model(settings: Settings, name: str, as_json: bool) -> None:
    """Show what is known of a model: its input, outputs, thresholds, files and their places."""
    from .. import output

    manifest = _find(settings, name)
    fields = _to_dict(manifest, _store(settings).status(manifest), settings)
    fields |= _details(manifest, settings)
    if as_json:
        output.print_json(fields)
        return
    for key, value in fields.items():
        if key == "files":
            for file in value:
                click.echo(f"{'file':<12} {file['state']:<9} {file['path']}")
        else:
            click.echo(f"{key:<12} {_as_text(value)}")


@command.command("verify", short_help="Are the files of models right?")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@pass_settings
def verify_models(settings: Settings, names: tuple[str, ...]) -> int:
    """Read the files of models (default: those in use) and compare their sha256 sums.

    Exit code 1 if a file is absent or is not the one that the model needs.
    """
    wanted = [_find(settings, name) for name in names]
    wanted = wanted or [one for one in _known(settings) if _is_in_use(one, settings)]
    bad = False
    for manifest in wanted:
        for file in _store(settings).status(manifest, verify=True):
            click.echo(f"{file.state:<9}  {manifest.name}  {file.path}  {file.sha256}".rstrip())
            bad |= file.state in _BAD_STATES
    return 1 if bad else 0


@command.command("install", short_help="Get a model's files.")
@click.argument("name")
@click.option(
    "--from",
    "given",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="Take the files from this file, folder or archive instead of the network.",
)
@pass_settings
def install_model(settings: Settings, name: str, given: Path | None) -> None:
    """Get a model's files: downloaded from where they are published, or from a file given.

    A transfer that was cut goes on where it ended; every file is checked by its sha256 sum.
    Nothing is ever downloaded by any other command.
    """
    from ...models.install import install, install_from

    manifest, store = _find(settings, name), _store(settings)
    if given is not None:
        paths = install_from(manifest, store, given)
    else:
        with _progress() as tell:
            paths = install(manifest, store, tell)
    for path in paths:
        click.echo(f"installed  {manifest.name}  {path}")
    if not paths:
        click.echo(f"{manifest.name} is installed already")
    if not _is_in_use(manifest, settings):
        click.echo(f"to use it: phototag models use {manifest.name}")


@command.command("add", short_help="Make a model of your own known.")
@click.argument("file", metavar="MANIFEST.toml", type=click.Path(exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Also if a model of this name is known.")
@pass_settings
def add_model(settings: Settings, file: Path, replace: bool) -> None:
    """Make a model of your own known by its manifest; its labels file is taken along.

    `phototag models show NAME` says where its weights belong; `install NAME --from FILE` puts them
    there. The built-in manifests are good examples.
    """
    from ...models.manifest import load_manifest

    manifest = load_manifest(file)
    folder = settings.config.models.directory
    places = {
        Path(one.path).name: one.path for one in _known(settings) if one.name == manifest.name
    }
    if places and not replace:
        raise Ended(f"{manifest.name} is known already; --replace takes the new one", 2)
    own = [name for name, path in places.items() if Path(path).parent == folder]
    target = folder / (own[0] if own else f"{manifest.name}.toml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take_labels(manifest.labels.file, file.parent, folder)
        shutil.copyfile(file, target)
    except OSError as error:
        raise Ended(f"{error.filename or folder}: {error.strerror}", 2) from error
    click.echo(f"added  {manifest.name}  {target}")
    for status in _store(settings).status(manifest):
        click.echo(f"{status.state:<9}  {status.path}")


@command.command("use", short_help="Choose the models that look at the photos.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@pass_settings
def use_models(settings: Settings, names: tuple[str, ...]) -> None:
    """Let these models look at the photos: one classifier, or detectors, or both.

    Of several detectors the scores are merged, box by box; name the best first. The choice is
    written into the settings file; a kind of which none is named stays as it is.
    """
    from ..config.editing import write_setting

    chosen = [_find(settings, name) for name in names]
    choice = _choice(chosen)
    for manifest in chosen:
        _require_installed(manifest, settings)
    for key, value in choice.items():
        origin = settings.config.origins[f"models.{key}"]
        if origin.startswith("PHOTOTAG_"):
            raise Ended(f"the variable {origin} says which one is used: change it there", 2)
        write_setting(Path(settings.config.file), "models", key, value)
        click.echo(f"{settings.config.file}: {key} = {_as_text(value)}")
    click.echo("restart the daemon, if it runs: it looks at new photos with these models then")


@command.command("remove", short_help="Delete a model's files.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def remove_model(settings: Settings, name: str, yes: bool) -> int:
    """Delete the files of a model that was installed here; what it found stays in the catalog."""
    from ...models.install import remove

    manifest, store = _find(settings, name), _store(settings)
    there = [file for file in store.status(manifest) if file.state != "absent"]
    if there and manifest.source.kind != "wheel" and not yes:
        used = ", which is in use" if _is_in_use(manifest, settings) else ""
        files = f"{count(len(there), 'file')} of {manifest.name}"
        click.confirm(f"Delete {files}{used} ({_bytes_of(there)} MB)?", abort=True)
    gone = remove(manifest, store)
    for path in gone:
        click.echo(f"removed  {path}")
    if not gone:
        click.echo(f"{manifest.name} has no files here", err=True)
    return 0 if gone else 1


def _take_labels(name: str, source: Path, folder: Path) -> None:
    """Copy a labels file that stands beside its manifest; another model's is never replaced."""
    beside, target = source / name, folder / name
    if not name or not beside.is_file():
        return
    if not target.exists():
        shutil.copyfile(beside, target)
    elif target.read_bytes() != beside.read_bytes():
        reason = "is another model's labels file: give yours another name, in the manifest too"
        raise Ended(f"{target} {reason}", 2)


def _store(settings: Settings) -> WeightsStore:
    from ...models.store import WeightsStore

    return WeightsStore(settings.config.models.directory, settings.config.models.cache)


def _known(settings: Settings) -> list[Manifest]:
    from ...models.manifest import find_manifests

    return list(find_manifests(settings.config.models.directory).values())


def _find(settings: Settings, name: str) -> Manifest:
    """Return the model of a name, or the only one whose name begins so."""
    known = _known(settings)
    found = [one for one in known if one.name == name]
    found = found or [one for one in known if one.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    from difflib import get_close_matches

    names = [one.name for one in known]
    near = [one.name for one in found] or get_close_matches(name, names, 3) or names
    raise click.UsageError(f"no model is called {name}; there is {', '.join(near)}")


def _in_use(settings: Settings) -> tuple[str, ...]:
    from ..worker import model_settings

    models = model_settings(settings.config)
    return (models.classifier, *models.detectors)


def _is_in_use(manifest: Manifest, settings: Settings) -> bool:
    return manifest.name in _in_use(settings)


def _require_installed(manifest: Manifest, settings: Settings) -> None:
    bad = [file for file in _store(settings).status(manifest) if file.state in _BAD_STATES]
    if bad:
        remedy = f"phototag models install {manifest.name}"
        raise Ended(f"{manifest.name}: {bad[0].path} is {bad[0].state}; {remedy}", 2)


def _choice(chosen: list[Manifest]) -> dict[str, str | list[str]]:
    """Return what to write under [models] for these models."""
    classifiers = [one.name for one in chosen if one.kind == "classifier"]
    detectors = [one.name for one in chosen if one.kind == "detector"]
    if len(classifiers) > 1:
        raise click.UsageError(f"name one classifier, not {' and '.join(classifiers)}")
    choice: dict[str, str | list[str]] = {"classifier": classifiers[0]} if classifiers else {}
    return choice | ({"detectors": list(dict.fromkeys(detectors))} if detectors else {})


def _progress() -> Any:
    """Return a context that shows how far a download is, on standard error."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    @contextmanager
    def shown() -> Any:
        columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            yield _teller(progress)

    return shown()


def _teller(progress: Any) -> Callable[[str, int, int], None]:
    tasks: dict[str, Any] = {}

    def tell(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=total or None)
        progress.update(tasks[name], completed=done, total=total or None)

    return tell


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


def _details(manifest: Manifest, settings: Settings) -> dict[str, Any]:
    spec, thresholds = manifest.input, manifest.thresholds
    return {
        "description": manifest.description,
        "homepage": manifest.homepage,
        "input": f"{spec.width}x{spec.height} {spec.colour} {spec.dtype}, {spec.resize}",
        "outputs": sorted({runtime.outputs for runtime in manifest.runtimes}),
        "labels": manifest.labels.file or f"its own file: {manifest.labels.role}",
        "names": sum(map(bool, manifest.labels.names)) or None,
        "thresholds": [thresholds.few, thresholds.normal, thresholds.many],
        "manifest": manifest.path,
        "files": [
            {"role": file.role, "state": file.state, "path": file.path, "sha256": wanted.sha256}
            for wanted, file in zip(manifest.files, _store(settings).status(manifest), strict=True)
        ],
    }


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _bytes(files: tuple[FileStatus, ...]) -> int:
    return sum(file.size or file.expected_size for file in files)


def _bytes_of(files: list[FileStatus]) -> str:
    return f"{sum(file.size for file in files) / 1e6:.1f}"


def _worst_state(files: tuple[FileStatus, ...]) -> str:
    order = ("wrong", "absent", "unchecked", "present", "verified")
    return min((file.state for file in files), key=order.index)
