"""A library that nobody photographed: folders of photos with what cameras and models say of them.

Names, cameras and places are about as often as in real libraries (Zipf's law); most photos are
taken by day and on weekends, and the photos of a folder belong together. The same seed gives the
same library.
"""

# Chance for a benchmark, not for secrets.
# ruff: noqa: S311

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Any, Final

from phototagd.models.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIRST_YEAR: Final = 2006
YEARS: Final = 20
EPOCH: Final = date(1970, 1, 1).toordinal()
DAY: Final = 86_400
HOURS: Final = (
    *(2, 1, 1, 0.5, 0.5, 1, 3, 8, 15, 26, 36, 40),
    *(38, 36, 38, 40, 40, 38, 34, 30, 24, 18, 12, 6),
)
WEEKDAYS: Final = (3, 3, 3, 3, 4, 8, 8)
COUNTRIES: Final = (
    ("PT", "Portugal", 39.5, -8.3, 60),
    ("ES", "Spain", 40.2, -3.6, 60),
    ("FR", "France", 46.6, 2.4, 60),
    ("DE", "Germany", 51.1, 10.3, 60),
    ("IT", "Italy", 42.9, 12.5, 50),
    ("GB", "United Kingdom", 53.0, -1.6, 50),
    ("US", "United States", 39.4, -98.5, 90),
    ("GR", "Greece", 38.9, 22.7, 30),
    ("AT", "Austria", 47.5, 13.6, 30),
    ("CH", "Switzerland", 46.8, 8.2, 25),
    ("JP", "Japan", 36.2, 138.2, 40),
    ("AU", "Australia", -33.6, 147.3, 30),
    ("BR", "Brazil", -15.3, -47.9, 30),
    ("ZA", "South Africa", -30.6, 24.7, 20),
    ("IS", "Iceland", 64.9, -18.6, 15),
    ("FJ", "Fiji", -17.6, 178.9, 10),
)
MAKERS: Final = (  # make, model, phone?, raw suffix
    ("Apple", "iPhone", True, ""),
    ("samsung", "Galaxy S", True, ""),
    ("Google", "Pixel", True, ""),
    ("Canon", "Canon EOS", False, "cr2"),
    ("NIKON CORPORATION", "NIKON D", False, "nef"),
    ("SONY", "ILCE-", False, "arw"),
    ("FUJIFILM", "X-T", False, "raf"),
    ("Panasonic", "DMC-TZ", False, ""),
)
STOPS: Final = (1.4, 1.8, 2.8, 3.5, 4.0, 5.6, 8.0, 11.0, 16.0)
SPEEDS: Final = (100, 100, 100, 200, 200, 400, 400, 800, 1600, 3200, 6400, 12800, 25600)
SYLLABLES: Final = ("al", "ber", "ca", "do", "el", "far", "gol", "ha", "lis", "mar", "nor", "ri")


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens with the focal lengths (mm) that it was used at, and its widest aperture."""

    name: str
    focals: tuple[float, ...]
    widest: float


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera, its lenses, and the suffix of its RAW files where it writes some."""

    make: str
    model: str
    is_phone: bool
    raw: str
    lenses: tuple[Lens, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Town:
    """A town, and what it lies in."""

    name: str
    region: str
    country: str
    code: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A tag: a name, how sure, its kind, and the boxes (left, top, right, bottom, confidence)."""

    name: str
    confidence: float
    kind: str
    boxes: tuple[tuple[float, float, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo file; a shot without a fingerprint could not be read.

    `camera` and `town` are places in the library's lists. The pair of a RAW half comes right after.
    """

    name: str
    suffix: str
    format: str | None
    state: str
    taken_at: int
    added_at: int
    size: int
    width: int | None = None
    height: int | None = None
    fingerprint: bytes | None = None
    camera: int | None = None
    lens: str | None = None
    iso: int | None = None
    f_number: float | None = None
    focal: float | None = None
    exposure: float | None = None
    taken_us: int | None = None
    town: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    rating: int | None = None
    title: str | None = None
    keywords: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    is_raw_half: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of shots that belong together: one place, some days, a few themes."""

    root: int
    relpath: str
    day: int
    days: int
    town: int | None
    cameras: tuple[int, ...]
    themes: tuple[str, ...]


class Zipf:
    """A choice among things, the first by far the most often."""

    def __init__(self, number: int, power: float = 1.0, shift: float = 2.0) -> None:
        self._sums = list(accumulate((n + shift) ** -power for n in range(number)))
        self._range = range(number)

    def draw(self, chance: Random) -> int:
        """Give the place of the thing that was chosen."""
        return chance.choices(self._range, cum_weights=self._sums)[0]


class Library:
    """The people's cameras, the places they go to, the words they use, and their photos."""

    def __init__(self, photos: int, seed: int = 1) -> None:
        self._photos = photos
        self._chance = Random(seed)
        self._taxonomy = load_taxonomy()
        self._names = self._ordered_names()
        self.cameras = [self._camera(n) for n in range(200)]
        self.towns = self._make_towns()
        self.keywords = [f"{a}{b} {c}" for a in SYLLABLES for b in SYLLABLES for c in ("day", "2")]
        self._name_of = Zipf(len(self._names), 1.15, 3.0)
        self._camera_of = Zipf(len(self.cameras), 1.1)
        self._town_of = Zipf(len(self.towns), 1.0)
        self._keyword_of = Zipf(len(self.keywords), 1.2)
        self._recent: list[Shot | None] = [None] * 3000

    def folders(self) -> list[Folder]:
        """Give the folders by root and path, as the first walk finds them."""
        made = {
            (folder.root, folder.relpath): folder
            for folder in (self._folder(n) for n in range(self._photos // 104 + 1))
        }
        return [made[key] for key in sorted(made)]

    def shots(self, folder: Folder) -> Iterator[Shot]:
        """Give the photos of a folder by name, RAW files right before their JPEGs."""
        chance = self._chance
        number = 1 + min(int(chance.expovariate(1 / 100)), 700)
        for n, taken_at in enumerate(sorted(self._moment(folder) for _ in range(number))):
            for shot in self._shot(folder, 1000 + n, taken_at):
                yield shot
                if shot.state == "done" and not shot.is_raw_half:
                    self._recent[chance.randrange(len(self._recent))] = shot
            copied = chance.choice(self._recent) if chance.random() < 0.02 else None
            if copied is not None:
                yield replace(copied, name=f"copy{n} of {copied.name}")

    def _ordered_names(self) -> list[str]:
        """Give all names that models can say, in the order of how often they are seen."""
        taxonomy = self._taxonomy
        special = sorted(n for n in taxonomy if not taxonomy.is_parent(n) or taxonomy.is_coco(n))
        self._chance.shuffle(special)
        special.sort(key=lambda name: not taxonomy.is_coco(name) and self._chance.random() > 0.05)
        special.remove("person")
        return special

    def _camera(self, n: int) -> Camera:
        chance = self._chance
        make, line, is_phone, raw = MAKERS[n % len(MAKERS)]
        model = f"{line} {n // 8 + 3}" if is_phone else f"{line}{100 * (n // 8) + 50}"
        if is_phone:
            wide = round(chance.uniform(3.9, 6.9), 1)
            lens = Lens(f"{model} back camera {wide}mm", (wide,), chance.choice((1.5, 1.8, 2.2)))
            return Camera(make, model, is_phone, raw, (lens,), 4032, 3024)
        lenses = tuple(
            Lens(f"{make.split()[0].title()} {low}-{high}mm F{widest}", (low, mid, high), widest)
            for low, mid, high, widest in chance.sample(
                ((24, 35, 70, 2.8), (18, 35, 55, 3.5), (70, 135, 200, 4.0), (100, 300, 400, 5.6),
                 (10, 16, 24, 3.5), (50, 50, 85, 1.4)), 3)
        )  # fmt: skip
        return Camera(make, model, is_phone, raw, lenses, 6000, 4000)

    def _make_towns(self) -> list[Town]:
        chance = self._chance
        towns = []
        for code, country, latitude, longitude, number in COUNTRIES:
            for n in range(number):
                region = n // 7
                spread = Random(f"{code}{region}")
                middle = latitude + spread.gauss(0, 1.3), longitude + spread.gauss(0, 1.6)
                name = "".join(chance.choices(SYLLABLES, k=3)).title()
                north, east = middle[0] + chance.gauss(0, 0.25), middle[1] + chance.gauss(0, 0.3)
                east = (east + 180) % 360 - 180
                towns.append(Town(name, f"{country} {region + 1}", country, code, north, east))
        chance.shuffle(towns)
        return [Town("Lisbon", "Lisbon District", "Portugal", "PT", 38.7223, -9.1393), *towns]

    def _folder(self, n: int) -> Folder:
        chance = self._chance
        year = chance.choices(range(YEARS), weights=range(4, YEARS + 4))[0] + FIRST_YEAR
        day = date(year, 1, 1).toordinal() + chance.randrange(365)
        when = date.fromordinal(day)
        town = self._town_of.draw(chance) if chance.random() < 0.9 else None
        cameras = tuple(self._camera_of.draw(chance) for _ in range(2))
        themes = tuple(self._names[self._name_of.draw(chance)] for _ in range(6))
        kind = chance.random()
        if kind < 0.7:
            place = self.towns[town].name.lower() if town is not None else "home"
            path = f"{when:%Y}/{when:%m}/{when:%d} {place}"
            return Folder(0, path, day, 1 + int(kind * 5), town, cameras, themes)
        if kind < 0.85:
            part = ("", "/day1", "/day2", "/best")[n % 4]
            return Folder(0, f"albums/Holiday {n // 4:05}{part}", day, 7, town, cameras, themes)
        phone = chance.randrange(8)
        path = f"phone{phone}/DCIM/{100 + n % 900}MEDIA/{n:06}"
        return Folder(1, path, day, 30, town, (phone * 8 % 3,), themes)

    def _moment(self, folder: Folder) -> int:
        chance = self._chance
        days = range(folder.day, folder.day + folder.days)
        weights = [WEEKDAYS[(day - 1) % 7] for day in days]
        day = chance.choices(days, weights)[0] if len(days) > 1 else folder.day
        hour = chance.choices(range(24), HOURS)[0]
        return (day - EPOCH) * DAY + hour * 3600 + chance.randrange(3600)

    def _shot(self, folder: Folder, number: int, taken_at: int) -> Iterator[Shot]:
        chance = self._chance
        luck = chance.random()
        state = "done" if luck > 0.01 else ("missing", "failed", "dead", "unsupported", "pending")[
            min(int(luck * 1000) // 2, 4)
        ]  # fmt: skip
        first_scan = int((date(2022, 5, 1).toordinal() - EPOCH) * DAY + taken_at % (3 * DAY))
        added_at = max(first_scan, taken_at + chance.randrange(2 * DAY))
        when = {"state": state, "taken_at": taken_at, "added_at": added_at}
        if state not in ("done", "missing"):
            size = chance.randrange(1000, 9_000_000)
            yield Shot(name=f"IMG_{number}.jpg", suffix="jpg", format=None, size=size, **when)
        elif chance.random() < 0.05:
            yield self._scanned(number, when)
        else:
            yield from self._taken(folder, number, when)

    def _scanned(self, number: int, when: dict[str, Any]) -> Shot:
        """Make a picture without a camera: a screen shot, a scan, something sent."""
        chance = self._chance
        suffix, form = chance.choice(
            (("png", "PNG"), ("jpg", "JPEG"), ("jpg", "JPEG"), ("webp", "WebP"), ("tif", "TIFF"))
        )
        width, height = chance.choice(((1170, 2532), (1080, 1080), (1600, 1200), (2480, 3508)))
        return Shot(
            name=f"scan{number}.{suffix}",
            suffix=suffix,
            format=form,
            size=int(width * height * chance.uniform(0.1, 0.6)),
            width=width,
            height=height,
            fingerprint=chance.randbytes(16),
            seen=self._look(()),
            **when,
        )

    def _taken(self, folder: Folder, number: int, when: dict[str, Any]) -> Iterator[Shot]:
        chance = self._chance
        place = chance.choice(folder.cameras)
        camera = self.cameras[place]
        lens = chance.choice(camera.lenses)
        is_heic = camera.is_phone and camera.make == "Apple" and chance.random() < 0.6
        width, height = camera.width, camera.height
        if chance.random() < 0.3:
            width, height = height, width
        iso = SPEEDS[int(chance.random() ** 1.7 * len(SPEEDS))]
        shot = Shot(
            name=f"IMG_{number}.{'HEIC' if is_heic else 'jpg'}",
            suffix="heic" if is_heic else "jpg",
            format="HEIC" if is_heic else "JPEG",
            size=int(width * height * chance.uniform(0.12, 0.6)),
            width=width,
            height=height,
            fingerprint=chance.randbytes(16),
            camera=place,
            lens=lens.name,
            iso=iso if chance.random() < 0.95 else chance.randrange(32, 2500),
            f_number=lens.widest if camera.is_phone else max(lens.widest, chance.choice(STOPS)),
            focal=float(chance.choice(lens.focals)),
            exposure=1 / chance.choice((30, 60, 125, 250, 500, 1000)),
            taken_us=chance.randrange(1000) * 1000 if camera.is_phone else None,
            seen=self._look(folder.themes),
            **self._position(folder, is_phone=camera.is_phone),
            **self._words(),
            **when,
        )
        if camera.raw and chance.random() < 0.12:
            yield self._raw_of(shot, number, camera.raw)
        yield shot

    def _raw_of(self, shot: Shot, number: int, suffix: str) -> Shot:
        """Make the RAW file that a camera wrote together with a JPEG; some lost their JPEG."""
        is_half = self._chance.random() < 0.8
        return replace(
            shot,
            name=f"IMG_{number if is_half else number + 5000}.{suffix.upper()}",
            suffix=suffix,
            format="RAW",
            size=shot.size * 4,
            fingerprint=self._chance.randbytes(16),
            is_raw_half=is_half,
        )

    def _position(self, folder: Folder, *, is_phone: bool) -> dict[str, Any]:
        chance = self._chance
        if folder.town is None or chance.random() > (0.85 if is_phone else 0.35):
            return {}
        town = self.towns[folder.town]
        return {
            "town": folder.town,
            "latitude": round(town.latitude + chance.gauss(0, 0.03), 6),
            "longitude": round((town.longitude + chance.gauss(0, 0.04) + 180) % 360 - 180, 6),
            "altitude": round(chance.uniform(0, 800), 1),
        }

    def _words(self) -> dict[str, Any]:
        """Make what people add: a rating, keywords, a title."""
        chance = self._chance
        words: dict[str, Any] = {}
        if chance.random() < 0.05:
            words["rating"] = chance.choices(range(-1, 6), (1, 2, 3, 8, 20, 12, 4))[0]
        if chance.random() < 0.08:
            drawn = (self._keyword_of.draw(chance) for _ in range(chance.randint(1, 3)))
            words["keywords"] = tuple({self.keywords[n] for n in drawn})
        if chance.random() < 0.01:
            words["title"] = "A title that somebody wrote"
        return words

    def _look(self, themes: Sequence[str]) -> tuple[Seen, ...]:
        """Make what the models say: things, their boxes, and what they are kinds of."""
        chance = self._chance
        if chance.random() < 0.03:
            return ()
        drawn = chance.choices((1, 2, 3, 4), (25, 35, 27, 13))[0]
        names = ["person"] if chance.random() < 0.4 else []
        for _ in range(drawn - len(names)):
            if themes and chance.random() < 0.3:
                names.append(chance.choice(themes))
            else:
                names.append(self._names[self._name_of.draw(chance)])
        found: dict[str, Seen] = {}
        for name in dict.fromkeys(names):
            sure = 1 - 0.8 * chance.random() * chance.random()
            if self._taxonomy.is_coco(name):
                boxes = tuple(self._box(sure if not n else sure * chance.random())
                              for n in range(self._times(name)))  # fmt: skip
                found[name] = Seen(name, sure, "object", boxes)
            else:
                found[name] = Seen(name, sure, "label")
            for parent in self._taxonomy.parents_of(name):
                found.setdefault(parent, Seen(parent, min(1.0, sure * 1.05), "parent"))
        return tuple(sorted(found.values(), key=lambda seen: -seen.confidence))

    def _times(self, name: str) -> int:
        return 1 + min(int(self._chance.expovariate(0.3 if name == "person" else 0.4)), 14)

    def _box(self, sure: float) -> tuple[float, float, float, float, float]:
        chance = self._chance
        width, height = chance.random() ** 1.8 * 0.98, chance.random() ** 1.8 * 0.98
        left, top = chance.random() * (1 - width), chance.random() * (1 - height)
        return left, top, left + width, top + height, sure
