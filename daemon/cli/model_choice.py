"""Which models the settings name, and changing that for `retag`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from . import Ended

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...models.results import ModelVersion
    from ..config import Config


@dataclass(frozen=True, slots=True)
class Choice:
    """What [models] is to say; None stays as it is."""

    classifier: str | None = None
    detectors: tuple[str, ...] | None = None

    def settings(self) -> dict[str, str | list[str]]:
        """Return it as the settings file has it."""
        found: dict[str, str | list[str]] = {}
        if self.classifier is not None:
            found["classifier"] = self.classifier
        if self.detectors is not None:
            found["detectors"] = list(self.detectors)
        return found

    def apply(self, config: Config) -> Config:
        """Return the settings with these models."""
        models = config.models
        if self.classifier is not None:
            models = replace(models, classifier=self.classifier)
        if self.detectors is not None:
            models = replace(models, detectors=self.detectors)
        return replace(config, models=models)


BOTH: Final = Choice("", ())
"""A choice that says both, whatever it is."""


def choose_models(config: Config, names: Iterable[str]) -> Choice:
    """Return what [models] is to say for these models."""
    from ...models.manifest import find_manifests

    known = find_manifests(config.models.directory)
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"no model is called {name}; there is {', '.join(known)}")
    classifiers = [name for name in wanted if known[name].kind == "classifier"]
    if len(classifiers) > 1:
        raise click.UsageError(f"name one classifier, not {' and '.join(classifiers)}")
    detectors = tuple(name for name in wanted if known[name].kind == "detector")
    return Choice(classifiers[0] if classifiers else None, detectors or None)


def choose_exactly(config: Config, models: Iterable[ModelVersion]) -> Choice:
    """Return what [models] is to say for exactly these; a name without a manifest is left out."""
    from ...models.manifest import find_manifests

    known = find_manifests(config.models.directory)
    for model in models:
        if model.name not in known:
            click.echo(f"{model.name} has no manifest any more: phototag models add", err=True)
    choice = choose_models(config, [model.name for model in models if model.name in known])
    return Choice(choice.classifier or "", choice.detectors or ())


def require_own(config: Config, choice: Choice) -> None:
    """Refuse where a variable says which models are used: the daemon would look with them again."""
    for key in choice.settings():
        origin = config.origins[f"models.{key}"]
        if origin.startswith("PHOTOTAG_"):
            raise Ended(f"the variable {origin} says which one is used: change it there", 2)


def write_choice(config: Config, choice: Choice) -> None:
    """Write it into the settings, so that the daemon looks at new photos with these models."""
    from ..config.editing import literal, write_setting

    for key, value in choice.settings().items():
        write_setting(Path(config.file), "models", key, value)
        click.echo(f"{config.file}: {key} = {literal(value)}")
    click.echo("restart the daemon, if it runs: it looks at new photos with these models then")
