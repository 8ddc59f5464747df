"""``phototag labels``: the names that can be searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import Settings, pass_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...models.taxonomy import Branch


@click.command("labels", short_help="The names on your photos, with numbers.")
@click.option("--all", "show_all", is_flag=True, help="Also the names that no photo shows yet.")
@click.option("--tree", is_flag=True, help="Each name below what it is a kind of.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, show_all: bool, tree: bool, as_json: bool) -> int:
    """List the names on your photos with the number of photos, most frequent first.

    With --tree as the taxonomy has them, general to special, with the vocabularies (`coco` of the
    detectors, `imagenet` of the classifiers) whose models can say a name. Others sum up what is
    below them, or come from you or a model of your own.
    """
    from ...db.reader import CatalogReader
    from .. import output

    with CatalogReader.open(settings.config.catalog.path) as reader:
        labels = [label for label in reader.labels() if label.photos or show_all]
    if tree:
        return _show_tree({label.name: label.photos for label in labels}, show_all, as_json)
    if as_json:
        output.print_json([{"name": label.name, "photos": label.photos} for label in labels])
    else:
        output.print_table(("photos", "name"), [(label.photos, label.name) for label in labels])
    return 0 if labels else 1


def _show_tree(photos: Mapping[str, int], show_all: bool, as_json: bool) -> int:
    from ...models.taxonomy import Branch, load_taxonomy
    from .. import output

    taxonomy = load_taxonomy()
    own = [Branch(name, (), ()) for name in sorted(photos) if name not in taxonomy]
    found = _branches((*taxonomy.tree(), *own), photos, show_all=show_all)
    if as_json:
        output.print_json(found)
    else:
        for branch in found:
            _print_branch(branch, "")
    return 0 if found else 1


def _branches(
    tree: Iterable[Branch], photos: Mapping[str, int], *, show_all: bool
) -> list[dict[str, Any]]:
    """Return branches as JSON has them: those on photos or above one that is, or all."""
    found = []
    for branch in tree:
        below = _branches(branch.branches, photos, show_all=show_all)
        if below or show_all or photos.get(branch.name):
            fields = {"name": branch.name, "photos": photos.get(branch.name, 0)}
            fields |= {"vocabularies": list(branch.vocabularies), "branches": below}
            found.append(fields)
    return found


def _print_branch(branch: Mapping[str, Any], indent: str) -> None:
    marks = f"  ({', '.join(branch['vocabularies'])})" if branch["vocabularies"] else ""
    click.echo(f"{branch['photos']:7}  {indent}{branch['name']}{marks}")
    for below in branch["branches"]:
        _print_branch(below, f"{indent}  ")
