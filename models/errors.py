"""What can go wrong with a model: small exceptions that carry data and read as one sentence."""

from __future__ import annotations


class ModelError(Exception):
    """Base of this package's errors: `reason`, and `model`, `path`, `remedy` where known."""

    def __init__(self, reason: str, model: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(reason, model, path, remedy)
        self.reason = reason
        self.model = model
        self.path = path
        self.remedy = remedy

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.model, self.path, self.reason) if part)
        return f"{where}; {self.remedy}" if self.remedy else where


class ManifestError(ModelError):
    """A manifest says something that cannot be used; names the file and the key."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason, path=file)
        self.args = (file, key, reason)  # so that it survives pickling
        self.file = file
        self.key = key


class WeightsError(ModelError):
    """A weights file is absent, wrong or unreadable."""

    def __init__(self, model: str, path: str, reason: str, remedy: str = "") -> None:
        super().__init__(reason, model, path, remedy)
        self.args = (model, path, reason, remedy)


class DownloadError(ModelError):
    """A file cannot be had from its URL, which is `path`."""

    def __init__(self, url: str, reason: str, remedy: str = "") -> None:
        super().__init__(reason, path=url, remedy=remedy)
        self.args = (url, reason, remedy)


class RuntimeMissing(ModelError):
    """An inference engine is not installed, or cannot do what is asked of it."""

    def __init__(self, engine: str, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy=remedy)
        self.args = (engine, reason, remedy)
        self.engine = engine


class SelfTestError(ModelError):
    """A model gives another answer than the known one for a known picture."""

    def __init__(self, model: str, picture: str, expected: str, found: str) -> None:
        super().__init__(
            f"self-test failed on {picture}: expected {expected}, found {found}",
            model,
            remedy="weights, labels or input settings do not belong together:"
            " see `phototag models verify` and the model's manifest",
        )
        self.args = (model, picture, expected, found)
        self.picture = picture
        self.expected = expected
        self.found = found
