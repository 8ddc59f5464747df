"""Reading the settings: defaults, then a TOML file, then the environment; checked, then frozen."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..saved.templates import CommandError, check_commands
from .rules import ConfigError, checked, defaults, from_text
from .settings import (
    CatalogSettings,
    Config,
    DecodeSettings,
    ModelsSettings,
    RecognitionSettings,
    RootSettings,
    TagsSettings,
    WatchSettings,
    WorkerSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PHOTOTAG_"
CONFIG_VARIABLE = "PHOTOTAG_CONFIG"
ROOTS_VARIABLE = "PHOTOTAG_ROOTS"
SYSTEM_FILE = Path("/etc/phototagd/config.toml")
"""The settings of the system's service; they hold for whoever has no file of their own."""

ROOT_MODES = ("auto", "events", "timer")
OWN_SECTIONS = "[on_match], [[roots]]"


def default_path() -> Path:
    """Return where the user's own file is looked for."""
    from platformdirs import user_config_path  # 40 ms, needed only without explicit paths

    return user_config_path("phototagd") / "config.toml"


def _usual_path() -> Path:
    own = default_path()
    return SYSTEM_FILE if not own.exists() and SYSTEM_FILE.exists() else own


def load_config(file: Path | None, environ: Mapping[str, str]) -> Config:
    """Read all layers. A file that is named must exist, the default one need not.

    Raises ConfigError for unreadable files, unknown keys and values of a wrong type or range.
    """
    if file is None and environ.get(CONFIG_VARIABLE):
        file = Path(environ[CONFIG_VARIABLE])
    path = file or _usual_path()
    document = _read_toml(path, must_exist=file is not None)
    values = dict(defaults())
    origins = dict.fromkeys((*values, "roots"), "default")
    roots = _roots_of(document.pop("roots", []), path)
    commands = _commands_of(document.pop("on_match", {}), path)
    for key, value in _flatten(document, path).items():
        values[key], origins[key] = checked(key, value, str(path)), str(path)
    if roots:
        origins["roots"] = str(path)
    for name, text in sorted(environ.items()):
        if name == ROOTS_VARIABLE:
            roots = tuple(RootSettings(_folder(part)) for part in text.split(os.pathsep) if part)
            origins["roots"] = name
        elif name.startswith(PREFIX) and name != CONFIG_VARIABLE:
            key = _key_of_variable(name)
            values[key], origins[key] = checked(key, from_text(key, text, name), name), name
    return replace(_build(values, origins, roots, path), on_match=commands)


def _read_toml(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(str(path), "", "there is no such file") from None
        return {}
    except OSError as error:
        raise ConfigError(str(path), "", error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), "", f"not valid TOML: {error}") from None


def _flatten(document: dict[str, Any], path: Path) -> dict[str, Any]:
    sections = {key.partition(".")[0] for key in defaults()}
    flat: dict[str, Any] = {}
    for section, keys in document.items():
        if section not in sections or not isinstance(keys, dict):
            known = ", ".join(f"[{name}]" for name in sorted(sections))
            raise ConfigError(
                str(path), section, f"unknown section; known are {known}, {OWN_SECTIONS}"
            )
        flat |= {f"{section}.{key}": value for key, value in keys.items()}
    return flat


def _key_of_variable(name: str) -> str:
    for key in defaults():
        if name == PREFIX + key.replace(".", "_").upper():
            return key
    raise ConfigError("environment", name, "unknown setting; `phototag config` lists all")


def _roots_of(blocks: Any, path: Path) -> tuple[RootSettings, ...]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ConfigError(str(path), "roots", "write one [[roots]] block for each folder")
    roots = []
    for block in blocks:
        folder, mode = block.get("path"), block.get("watch", "auto")
        if set(block) - {"path", "watch"} or not isinstance(folder, str) or not folder:
            reason = 'a [[roots]] block has path = "..." and, if wished, watch = "..."'
            raise ConfigError(str(path), "roots", reason)
        if mode not in ROOT_MODES:
            raise ConfigError(str(path), "roots.watch", f"must be one of {', '.join(ROOT_MODES)}")
        absolute = os.path.join(path.parent, os.path.expanduser(folder))
        roots.append(RootSettings(_folder(absolute), mode))
    return tuple(roots)


def _commands_of(table: Any, path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return check_commands(table)
    except CommandError as error:
        key = f"on_match.{error.name}" if error.name else "on_match"
        raise ConfigError(str(path), key, error.reason) from None


def _folder(text: str) -> bytes:
    return os.fsencode(os.path.abspath(os.path.expanduser(text)))


def _build(
    values: dict[str, Any], origins: dict[str, str], roots: tuple[RootSettings, ...], file: Path
) -> Config:
    values["catalog.path"] = str(_place(values, origins, file, "catalog.path", "catalog.db"))
    directory = _place(values, origins, file, "models.directory", "models")
    cache_directory = _place(values, origins, file, "models.cache", "")
    values |= {"models.directory": str(directory), "models.cache": str(cache_directory)}
    return Config(
        catalog=CatalogSettings(
            os.fsencode(values["catalog.path"]),
            values["catalog.allow_network"],
            values["catalog.backups"],
        ),
        roots=roots,
        watch=WatchSettings(
            values["watch.settle_seconds"],
            values["watch.network_settle_seconds"],
            values["watch.rescan_seconds"],
            values["watch.network_rescan_seconds"],
            tuple(values["watch.ignore"]),
            values["watch.keep_missing_days"],
            values["watch.on_match_seconds"],
        ),
        decode=DecodeSettings(values["decode.max_megapixels"], values["decode.max_file_mib"]),
        models=ModelsSettings(
            values["models.classifier"],
            tuple(values["models.detectors"]),
            values["models.engine"],
            values["models.precision"],
            directory,
            cache_directory,
        ),
        worker=WorkerSettings(
            values["worker.threads"],
            values["worker.deadline_seconds"],
            values["worker.memory_limit_mib"],
        ),
        recognition=_recognition(values),
        tags=_tags(values),
        on_match={},
        log_level=values["log.level"],
        log_format=values["log.format"],
        metrics_textfile=_textfile(values, origins, file),
        file=str(file),
        values=values,
        origins=origins,
    )


def _tags(values: dict[str, Any]) -> TagsSettings:
    names = TagsSettings.__dataclass_fields__
    fields = {name: values[f"tags.{name}"] for name in names}
    lists = {name: tuple(fields[name]) for name in ("allow", "deny")}
    return TagsSettings(**fields | lists)


def _recognition(values: dict[str, Any]) -> RecognitionSettings:
    names = RecognitionSettings.__dataclass_fields__
    fields = {name: values[f"recognition.{name}"] for name in names}
    lists = {name: tuple(fields[name]) for name in ("allow", "deny")}
    return RecognitionSettings(**fields | lists)


def _textfile(values: dict[str, Any], origins: dict[str, str], file: Path) -> bytes:
    """Return where the metrics go, nothing for nowhere."""
    if not values["metrics.textfile"]:
        return b""
    return os.fsencode(_place(values, origins, file, "metrics.textfile", ""))


def _place(
    values: dict[str, Any], origins: dict[str, str], file: Path, key: str, name: str
) -> Path:
    """Return a path setting: relative ones belong to their file, empty ones to the platform."""
    if not values[key]:
        from platformdirs import user_cache_path, user_data_path

        return user_data_path("phototagd") / name if name else user_cache_path("phototagd")
    base = file.parent if origins[key] == str(file) else Path()
    return Path(os.path.abspath(base / os.path.expanduser(values[key])))
