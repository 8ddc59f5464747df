"""Reading TOML strictly: every key is asked for by type, what nobody asked for is an error."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from .errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Collection
    from importlib.resources.abc import Traversable


class Table:
    """One TOML table; every method raises `ManifestError(file, key, reason)`.

    A method's `default` makes its key optional; without one the key must be there.
    """

    def __init__(self, file: str, data: dict[str, Any], prefix: str = "") -> None:
        self.file = file
        self._data = dict(data)
        self._prefix = prefix

    def error(self, key: str, reason: str) -> ManifestError:
        """Return the error for a key of this table, to be raised by the caller."""
        return ManifestError(self.file, self._prefix + key, reason)

    def text(self, key: str, default: str | None = None) -> str:
        """Take a string."""
        value = self._take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.error(key, f"must be text, not {value!r}")
        return value

    def choice(self, key: str, options: Collection[str], default: str | None = None) -> str:
        """Take a string that is one of the options."""
        value = self.text(key, default)
        if value not in options:
            raise self.error(key, f"must be one of {', '.join(options)}, not {value!r}")
        return value

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Take a whole number within low..high."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(key, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Take a number within low..high."""
        return self._number(key, self._take(key, default), low, high)

    def numbers(
        self, key: str, count: int, default: tuple[float, ...] | None = None
    ) -> tuple[float, ...]:
        """Take a list of exactly `count` numbers."""
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or len(value) != count:
            raise self.error(key, f"must be a list of {count} numbers, not {value!r}")
        return tuple(self._number(key, item, -1e9, 1e9) for item in value)

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Take a list of strings."""
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self.error(key, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def all_texts(self) -> dict[str, tuple[str, ...]]:
        """Take all keys that are left, each with a list of strings."""
        return {key: self.texts(key) for key in tuple(self._data)}

    def has(self, key: str) -> bool:
        """Say whether a key is there and not yet taken."""
        return key in self._data

    def table(self, key: str) -> Table:
        """Take a table that must be there."""
        found = self.optional_table(key)
        if found is None:
            raise self.error(key, "is missing")
        return found

    def optional_table(self, key: str) -> Table | None:
        """Take a table, None when there is none."""
        value = self._data.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {value!r}")
        return Table(self.file, value, f"{self._prefix}{key}.")

    def tables(self, key: str) -> list[Table]:
        """Take an array of tables, empty when there is none."""
        value = self._data.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.error(key, "must be an array of tables")
        return [Table(self.file, v, f"{self._prefix}{key}[{i}].") for i, v in enumerate(value)]

    def end(self) -> None:
        """Refuse the keys that nobody took."""
        for key in self._data:
            raise self.error(key, "unknown key")

    def _take(self, key: str, default: Any) -> Any:
        value = self._data.pop(key, default)
        if value is None:
            raise self.error(key, "is missing")
        return value

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:  # nan fails the comparison too
            raise self.error(key, f"must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)


def read_table(file: Traversable) -> Table:
    """Read a TOML file; `ManifestError` when it cannot be read or is not TOML."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(str(file), "", f"cannot be read as TOML: {error}") from error
    return Table(str(file), data)
