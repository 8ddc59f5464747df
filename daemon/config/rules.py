"""What a setting may be: its default, kind and range, and values as variables give them.

``default.toml`` is the one list of settings: it gives each key's default, type and description.
"""

from __future__ import annotations

import math
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = {
    ("models", "engine"): ("auto", "openvino", "opencv"),
    ("models", "precision"): ("auto", "f32"),
    ("recognition", "effort"): ("quick", "normal", "thorough"),
    ("recognition", "tags"): ("few", "normal", "many"),
    ("tags", "write"): ("off", "exif", "sidecar", "both"),
    ("tags", "verify"): ("builtin", "exiftool"),
    ("log", "level"): ("debug", "info", "warning", "error"),
    ("log", "format"): ("text", "json"),
}
MINIMUM = {
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
NUMBER_TABLES = ("recognition.thresholds",)
_TAG_TEXTS = ("rename", "prefix", "parent")
_SEPARATORS = ";|/"


class ConfigError(Exception):
    """A setting that cannot be used; ``where`` names the file or variable, ``key`` the setting."""

    def __init__(self, where: str, key: str, reason: str) -> None:
        super().__init__(f"{where}: {key}: {reason}" if key else f"{where}: {reason}")
        self.where, self.key, self.reason = where, key, reason


def default_text() -> str:
    """Return the documented file of all defaults."""
    return Path(__file__).with_name("default.toml").read_text("utf-8")


@cache
def defaults() -> Mapping[str, Any]:
    """Return the default of each setting by "section.key"."""
    sections: dict[str, dict[str, Any]] = tomllib.loads(default_text())
    return {f"{s}.{key}": value for s, keys in sections.items() for key, value in keys.items()}


def checked(key: str, value: Any, where: str) -> Any:
    """Return a value in the type of its setting. Raises ConfigError."""
    default = defaults().get(key)
    section, _, name = key.partition(".")
    if default is None:
        known = [k.partition(".")[2] for k in defaults() if k.startswith(f"{section}.")]
        raise ConfigError(where, key, f"unknown setting; [{section}] has {', '.join(known)}")
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if key in NUMBER_TABLES:
        return _numbers(key, value, where)
    if type(value) is not type(default) or not _are_texts(value):
        raise ConfigError(where, key, f"must be {type_name(default)}, not {value!r}")
    if (section, name) in CHOICES and value not in CHOICES[section, name]:
        raise ConfigError(where, key, f"must be one of {', '.join(CHOICES[section, name])}")
    least = MINIMUM.get((section, name))
    if least is not None and not (value >= least and math.isfinite(value)):
        raise ConfigError(where, key, f"must be a number of at least {least}, not {value}")
    if section == "tags" and name in _TAG_TEXTS:
        _check_tag_text(key, value, where)
    return value


def from_text(key: str, text: str, name: str) -> Any:
    """Return the value that a variable's text means for a setting. Raises ConfigError."""
    kind = type(defaults()[key])
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
        raise ConfigError("environment", name, f"must be {type_name(kind())}") from None


def type_name(value: Any) -> str:
    """Say in words of what kind a setting is, by its default."""
    return {
        str: "a text in quotes",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        list: "a list of texts",
        dict: 'texts by name: { name = "text" }',
    }[type(value)]


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
