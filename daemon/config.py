"""The settings: defaults, then a TOML file, then the environment; checked once, then frozen.

``default.toml`` is the one list of settings: it gives each key's default, type and description.
"""

from __future__ import annotations

import math
import os
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .saved.templates import CommandError, check_commands

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PHOTOTAG_"
CONFIG_VARIABLE = "PHOTOTAG_CONFIG"
ROOTS_VARIABLE = "PHOTOTAG_ROOTS"
SYSTEM_FILE = Path("/etc/phototagd/config.toml")
"""The settings of the system's service; they hold for whoever has no file of their own."""

ROOT_MODES = ("auto", "events", "timer")
OWN_SECTIONS = "[on_match], [[roots]]"

_CHOICES = {
    ("models", "engine"): ("auto", "openvino", "opencv"),
    ("models", "precision"): ("auto", "f32"),
    ("recognition", "effort"): ("quick", "normal", "thorough"),
    ("recognition", "tags"): ("few", "normal", "many"),
    ("tags", "write"): ("off", "exif", "sidecar", "both"),
    ("tags", "verify"): ("builtin", "exiftool"),
    ("log", "level"): ("debug", "info", "warning", "error"),
    ("log", "format"): ("text", "json"),
}
_MINIMUM = {
    ("watch", "settle_seconds"): 0.0,
    ("watch", "rescan_seconds"): 1.0,
    ("decode", "max_megapixels"): 1,
    ("decode", "max_file_mib"): 1,
    ("worker", "threads"): 0,
    ("worker", "deadline_seconds"): 1.0,
    ("worker", "memory_limit_mib"): 0,
    ("watch", "network_settle_seconds"): 0.0,
    ("watch", "network_rescan_seconds"): 1.0,
    ("watch", "keep_missing_days"): 0,
    ("watch", "on_match_seconds"): 1.0,
    ("catalog", "backups"): 0,
    ("tags", "min_confidence"): 0.0,
    ("tags", "most"): 1,
}
_NUMBER_TABLES = ("recognition.thresholds",)
_TAG_TEXTS = ("rename", "prefix", "parent")
_SEPARATORS = ";|/"


class ConfigError(Exception):
    """A setting that cannot be used; ``where`` names the file or variable, ``key`` the setting."""

    def __init__(self, where: str, key: str, reason: str) -> None:
        super().__init__(f"{where}: {key}: {reason}" if key else f"{where}: {reason}")
        self.where, self.key, self.reason = where, key, reason


@dataclass(frozen=True, slots=True)
class RootSettings:
    """A folder to watch: absolute path, and `auto`, `events` or `timer`."""

    path: bytes
    watch: str = "auto"


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """Where the catalog lies, whether that may be a network mount, how many backups are kept."""

    path: bytes
    allow_network: bool
    backups: int


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """When a file counts as finished, how often all folders are walked (seconds), what is left out.

    `ignore` holds patterns as in .gitignore.
    """

    settle_seconds: float
    network_settle_seconds: float
    rescan_seconds: float
    network_rescan_seconds: float
    ignore: tuple[str, ...]
    keep_missing_days: int
    on_match_seconds: float


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Limits that are checked before pixels are decoded."""

    max_megapixels: int
    max_file_mib: int


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    """Which models look at the photos, with which engine; an empty name: none."""

    classifier: str
    detectors: tuple[str, ...]
    engine: str
    precision: str
    directory: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class RecognitionSettings:
    """What is believed of what the models say; see ``default.toml``."""

    tags: str
    thresholds: Mapping[str, float]
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    rename: Mapping[str, str]
    effort: str


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The child process: threads (0: all cores), deadline of a photo (s), memory limit (MiB)."""

    threads: int
    deadline_seconds: float
    memory_limit_mib: int


@dataclass(frozen=True, slots=True)
class TagsSettings:
    """Which tags are written for other programs, where and how; see ``default.toml``."""

    write: str
    min_confidence: float
    most: int
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    rename: Mapping[str, str]
    prefix: str
    parent: str
    parents: bool
    boxes: bool
    keep_mtime: bool
    merge_sidecars: bool
    verify: str


@dataclass(frozen=True, slots=True)
class Config:
    """All settings.

    ``on_match`` are commands by the name of a saved search. ``file`` is the settings file, there or
    not; ``origins`` tells where each value came from, by "section.key".
    """

    catalog: CatalogSettings
    roots: tuple[RootSettings, ...]
    watch: WatchSettings
    decode: DecodeSettings
    models: ModelsSettings
    recognition: RecognitionSettings
    worker: WorkerSettings
    tags: TagsSettings
    on_match: Mapping[str, tuple[str, ...]]
    log_level: str
    log_format: str
    metrics_textfile: bytes
    file: str
    values: Mapping[str, Any]
    origins: Mapping[str, str]


def default_text() -> str:
    """Return the documented file of all defaults."""
    return Path(__file__).with_name("default.toml").read_text("utf-8")


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
    values = dict(_defaults())
    origins = dict.fromkeys((*values, "roots"), "default")
    roots = _roots_of(document.pop("roots", []), path)
    commands = _commands_of(document.pop("on_match", {}), path)
    for key, value in _flatten(document, path).items():
        values[key], origins[key] = _checked(key, value, str(path)), str(path)
    if roots:
        origins["roots"] = str(path)
    for name, text in sorted(environ.items()):
        if name == ROOTS_VARIABLE:
            roots = tuple(RootSettings(_folder(part)) for part in text.split(os.pathsep) if part)
            origins["roots"] = name
        elif name.startswith(PREFIX) and name != CONFIG_VARIABLE:
            key = _key_of_variable(name)
            values[key], origins[key] = _checked(key, _from_text(key, text, name), name), name
    return replace(_build(values, origins, roots, path), on_match=commands)


@cache
def _defaults() -> Mapping[str, Any]:
    sections: dict[str, dict[str, Any]] = tomllib.loads(default_text())
    return {f"{s}.{key}": value for s, keys in sections.items() for key, value in keys.items()}


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
    sections = {key.partition(".")[0] for key in _defaults()}
    flat: dict[str, Any] = {}
    for section, keys in document.items():
        if section not in sections or not isinstance(keys, dict):
            known = ", ".join(f"[{name}]" for name in sorted(sections))
            raise ConfigError(
                str(path), section, f"unknown section; known are {known}, {OWN_SECTIONS}"
            )
        flat |= {f"{section}.{key}": value for key, value in keys.items()}
    return flat


def _checked(key: str, value: Any, where: str) -> Any:
    default = _defaults().get(key)
    section, _, name = key.partition(".")
    if default is None:
        known = [k.partition(".")[2] for k in _defaults() if k.startswith(f"{section}.")]
        raise ConfigError(where, key, f"unknown setting; [{section}] has {', '.join(known)}")
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if key in _NUMBER_TABLES:
        return _numbers(key, value, where)
    if type(value) is not type(default) or not _are_texts(value):
        raise ConfigError(where, key, f"must be {_type_name(default)}, not {value!r}")
    if (section, name) in _CHOICES and value not in _CHOICES[section, name]:
        raise ConfigError(where, key, f"must be one of {', '.join(_CHOICES[section, name])}")
    least = _MINIMUM.get((section, name))
    if least is not None and not (value >= least and math.isfinite(value)):
        raise ConfigError(where, key, f"must be a number of at least {least}, not {value}")
    if section == "tags" and name in _TAG_TEXTS:
        _check_tag_text(key, value, where)
    return value


def _numbers(key: str, value: Any, where: str) -> dict[str, float]:
    """Check a table of confidences; a variable gives them as texts."""
    if not isinstance(value, dict):
        raise ConfigError(where, key, "must be numbers by name: { dog = 0.6 }")
    numbers = {}
    for name, number in value.items():
        try:
            numbers[name] = float(number)
        except (TypeError, ValueError):
            raise ConfigError(where, key, f"{name} must be a number, not {number!r}") from None
        if not 0 <= numbers[name] <= 1:
            raise ConfigError(where, key, f"{name} must be a number from 0 to 1, not {number!r}")
    return numbers


def _are_texts(value: Any) -> bool:
    entries = value.values() if isinstance(value, dict) else value
    return not isinstance(value, list | dict) or all(isinstance(entry, str) for entry in entries)


def _check_tag_text(key: str, value: Any, where: str) -> None:
    """Refuse what would fall apart in one of the fields that tags are written to."""
    for text in value.values() if isinstance(value, dict) else [value]:
        if any(sign in text for sign in _SEPARATORS) or (text and not text.isprintable()):
            raise ConfigError(where, key, f"must not hold any of {_SEPARATORS}: {text!r}")


def _type_name(value: Any) -> str:
    return {
        str: "a text in quotes",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        list: "a list of texts",
        dict: 'texts by name: { name = "text" }',
    }[type(value)]


def _key_of_variable(name: str) -> str:
    for key in _defaults():
        if name == PREFIX + key.replace(".", "_").upper():
            return key
    raise ConfigError("environment", name, "unknown setting; `phototag config` lists all")


def _from_text(key: str, text: str, name: str) -> Any:
    kind = type(_defaults()[key])
    if kind is list:
        return [part for part in text.split(os.pathsep) if part]
    if kind is dict:
        pairs = (part.partition("=") for part in text.split(os.pathsep) if part)
        return {name.strip(): value.strip() for name, _, value in pairs}
    if kind is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind is bool:
        raise ConfigError("environment", name, "must be true or false")
    try:
        return kind(text)
    except ValueError:
        raise ConfigError("environment", name, f"must be {_type_name(kind())}") from None


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
