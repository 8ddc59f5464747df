"""How right the tags are: precision, recall and F1 over the names that a ground truth has.

    python benchmarks/accuracy.py FOLDER TRUTH.json [--detector NAME ...] [--thorough]
        [--evidence FILE]

TRUTH.json is {"labels": [names], "images": {file name: {"objects": [{"label": name}]}}}; only its
`labels` are judged, one (photo, name) pair at a time. Said is what the detector says alone at its
threshold, the classifier alone (summed probability), and both fused; then each rule of the fusion
is left out in turn. `--evidence` keeps what the models said, so that other rules cost no inference.
The intervals hold 95 % of 1000 resamples of the photos.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from phototagd.models.analyzer import load_analyzer
from phototagd.models.fusion import fuse
from phototagd.models.fusion_rules import LEVELS, RULES, Wishes, make_rules
from phototagd.models.seeing import canonical, mass_of
from phototagd.models.settings import DEFAULT_DETECTOR, ModelSettings, choose_manifests
from phototagd.models.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable

    from phototagd.models.results import Analysis

    Names = dict[str, frozenset[str]]  # by photo


def ask_models(folder: Path, photos: list[str], settings: ModelSettings) -> dict[str, Analysis]:
    """Return what the models say of each photo."""
    analyzer = load_analyzer(settings, print)
    found, seconds = {}, 0.0
    for photo in photos:
        picture = cv2.imread(str(folder / photo))
        if picture is None:
            raise SystemExit(f"{folder / photo} cannot be read")
        start = time.perf_counter()
        found[photo] = analyzer.analyze(picture, thorough=bool(analyzer.thorough_models))
        seconds += time.perf_counter() - start
    looks = sum(len(analysis.crops) for analysis in found.values()) / len(photos)
    print(f"{1000 * seconds / len(photos):.1f} ms a photo, {looks:.2f} second looks a photo")
    return found


def keep_evidence(file: Path | None, ask: Callable[[], dict[str, Analysis]]) -> dict[str, Analysis]:
    """Return the evidence that a file holds; without one, ask the models and keep it there."""
    if file is not None and file.exists():
        found: dict[str, Analysis] = pickle.loads(file.read_bytes())  # noqa: S301  (our own)
        return found
    found = ask()
    if file is not None:
        file.write_bytes(pickle.dumps(found))
    return found


def score(truth: Names, said: Names) -> tuple[float, float, float]:
    """Return precision, recall and F1 over (photo, name) pairs."""
    right = sum(len(truth[photo] & said[photo]) for photo in truth)
    told, there = (sum(map(len, names.values())) for names in (said, truth))
    precision, recall = right / max(told, 1), right / max(there, 1)
    return precision, recall, 2 * right / max(told + there, 1)


def interval(truth: Names, said: Names) -> tuple[float, float]:
    """Return the bounds of F1 over resampled photos."""
    dice, photos = random.Random(0), list(truth)  # noqa: S311  (no secret)
    counts = [(len(truth[p] & said[p]), len(said[p]) + len(truth[p])) for p in photos]
    found = []
    for _ in range(1000):
        drawn = dice.choices(counts, k=len(counts))
        found.append(2 * sum(r for r, _ in drawn) / max(1, sum(n for _, n in drawn)))
    found.sort()
    return found[25], found[974]


class Judge:
    """Scores rules on the evidence of all photos."""

    def __init__(
        self,
        truth: Names,
        labels: list[str],
        evidence: dict[str, Analysis],
        settings: ModelSettings,
    ) -> None:
        self._truth = truth
        self._labels = frozenset(labels)
        self._evidence = evidence
        self._manifests = choose_manifests(settings)
        self._taxonomy = load_taxonomy()

    def show(self, title: str, said: Names) -> None:
        """Print one line of figures."""
        precision, recall, f1 = score(self._truth, said)
        low, high = interval(self._truth, said)
        print(f"{title:32} {precision:.3f} {recall:.3f} {f1:.3f}  [{low:.3f}, {high:.3f}]")

    def fused(self, wishes: Wishes, *, looks: bool = True) -> Names:
        """Return the judged names among the tags of each photo."""
        rules = make_rules(self._manifests, self._taxonomy, wishes)
        found = {}
        for photo, analysis in self._evidence.items():
            asked = analysis if looks else replace(analysis, crops=())
            tags = fuse(asked, self._taxonomy, rules).tags
            found[photo] = frozenset(tag.name for tag in tags) & self._labels
        return found

    def classifier_alone(self, least: float) -> Names:
        """Return the judged names whose kinds have enough probability in all."""
        found = {}
        for photo, analysis in self._evidence.items():
            labels = canonical(analysis, self._taxonomy).labels
            found[photo] = frozenset(
                name for name in self._labels if mass_of(name, labels, self._taxonomy) >= least
            )
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", action="append", help=f"default: {DEFAULT_DETECTOR}")
    parser.add_argument("--thorough", action="store_true", help="mirrored and in tiles as well")
    parser.add_argument("--models", type=Path, help="a folder with weights and manifests")
    parser.add_argument("--evidence", type=Path)
    arguments = parser.parse_args()
    data = json.loads(arguments.truth.read_text(encoding="utf-8"))
    truth = {
        photo: frozenset(thing["label"] for thing in entry["objects"])
        for photo, entry in data["images"].items()
    }
    with tempfile.TemporaryDirectory() as cache:
        settings = ModelSettings(
            detectors=tuple(arguments.detector or [DEFAULT_DETECTOR]),
            precision="f32",
            effort="thorough" if arguments.thorough else "normal",
            threads=1,
            weights_directory=arguments.models,
            cache_directory=Path(cache),
        )
        evidence = keep_evidence(
            arguments.evidence, lambda: ask_models(arguments.folder, list(truth), settings)
        )
    judge = Judge(truth, data["labels"], evidence, settings)
    print(f"{'':32} prec. rec.  F1     95 % of resamples of {len(truth)} photos")
    judge.show("detectors alone", judge.fused(Wishes(without=RULES)))
    for least in (0.3, 0.5):
        judge.show(f"classifier alone, sum >= {least}", judge.classifier_alone(least))
    for level in LEVELS:
        judge.show(f"fused, {level} tags", judge.fused(Wishes(level=level)))
    judge.show("fused, no second looks", judge.fused(Wishes(), looks=False))
    for rule in RULES:
        judge.show(f"fused without {rule!r}", judge.fused(Wishes(without=(rule,))))


if __name__ == "__main__":
    main()
