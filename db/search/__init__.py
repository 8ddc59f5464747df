"""Searching: what a query names, the SQL for it, and what its hits have in common."""

from .compiling import CompiledSearch, compile_search, order_of
from .names import Names, find_names
from .question import Driver, Options
from .sort import Sort

__all__ = [
    "CompiledSearch",
    "Driver",
    "Names",
    "Options",
    "Sort",
    "compile_search",
    "find_names",
    "order_of",
]
