"""The settings: what there is, how all layers are read, how one is changed in the user's file.

Changing (``editing``) is imported where it is done: most programs only read.
"""

from .loading import CONFIG_VARIABLE, PREFIX, SYSTEM_FILE, default_path, load_config
from .rules import ConfigError, default_text
from .settings import Config, RootSettings, WatchSettings

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "SYSTEM_FILE",
    "Config",
    "ConfigError",
    "RootSettings",
    "WatchSettings",
    "default_path",
    "default_text",
    "load_config",
]
