"""Where one way to search gives way to another: numbers of rows and names."""

from typing import Final

MOST_COLLECTED: Final = 20_000
"""Up to so many photos are read and sorted; of more it is only known that they are more."""

MOST_WALKS: Final = 50
"""So many names that begin alike have a walk each, by date."""

MOST_BRANCHES: Final = 200
"""So many walks are joined into one search; SQLite takes no more than five hundred."""

MOST_SEEKS: Final = 8
"""So many names are looked up one by one for a photo; of more, all that the photo has are read."""

CAUTION: Final = 2
"""So many times cheaper a walk over all photos must seem: how terms go together is not known."""

MOST_TRIED: Final = 5_000
"""So many photos a walk by date is tried for, where its hits may all be far away."""
