"""Where one way to search gives way to another: numbers of rows and names."""

from typing import Final

MOST_HITS: Final = (1 << 63) - 1
"""No limit is larger than the numbers that a database takes."""

MOST_COLLECTED: Final = 50_000
"""Up to so many photos are read and sorted; of more it is only known that they are more."""

MOST_LISTED: Final = 40_000
"""Up to so many photos of a term are listed for a walk by date to look its photos up in."""

MOST_WALKS: Final = 50
"""So many names that begin alike have a walk each, by date."""

MOST_BRANCHES: Final = 200
"""So many walks are joined into one search; SQLite takes no more than five hundred."""

MOST_SEEKS: Final = 8
"""So many names are looked up one by one for a photo; of more, all that the photo has are read."""

CAUTION: Final = 2
"""So many times cheaper a walk over all photos must seem: how terms go together is not known."""

MOST_TRIED: Final = 1_000
"""So many photos a walk in order is tried for, where its hits may all be far away."""

CHEAPER: Final = 20
"""So many rows of an index are read in the time in which one photo is looked up."""

DEEPER: Final = 8
"""At most so many times more rows are tried when the first did not hold enough."""
