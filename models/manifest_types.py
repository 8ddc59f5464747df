"""What a manifest says of a model, as data."""

from __future__ import annotations

from dataclasses import dataclass

GAP = "-"  # the line of a labels file whose id nothing has


@dataclass(frozen=True, slots=True)
class Quantization:
    """Of a uint8 tensor: real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a picture becomes the network's input: width, height in pixels, real = (p - mean) / std.

    `resize`: `squash` forgets the aspect; `crop` takes the centre, `crop` times as large as it can
    be; `letterbox` fits the whole picture into the middle and `pad` into the top left corner, the
    rest is `pad_colour`. `mean` and `std` stand in the order of `colour`, `pad_colour` is RGB.
    """

    width: int
    height: int
    colour: str
    dtype: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str
    crop: float
    pad_colour: tuple[float, ...]
    quantization: Quantization | None


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a graph to run: a new input in place of one node's output, and its outputs."""

    input_after: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """One engine that can run the model, and what goes in and comes out there.

    `layout` is NHWC or NCHW; `outputs` one of `OUTPUTS`; `output_names` chooses outputs by name,
    empty means all in the graph's order; `files` are the roles of the files that the engine reads;
    `box_units`: whether boxes of the layouts `yolov8` and `decoded-6-columns` are in pixels of the
    input or relative to it.
    """

    engine: str
    layout: str
    outputs: str
    output_names: tuple[str, ...]
    files: tuple[str, ...]
    cut: Cut | None
    quantization: Quantization | None
    box_units: str = "pixels"


@dataclass(frozen=True, slots=True)
class Twin:
    """Another file with the same weights, such as a later export; it is as good."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of a model; an empty sha256 (and 0 bytes) means that its sum is not known.

    `member` is its name inside the archive that it is published in, "" when it comes by itself.
    """

    role: str
    path: str
    sha256: str
    size: int
    url: str
    member: str = ""
    twins: tuple[Twin, ...] = ()

    def accepts(self, sha256: str) -> bool:
        """Say whether a file of this sum will do; where none is known, any will."""
        return sha256 in {self.sha256 or sha256, *(twin.sha256 for twin in self.twins)}

    def may_have_size(self, size: int) -> bool:
        """Say whether a file of so many bytes can be the right one."""
        return size in {self.size or size, *(twin.size for twin in self.twins)}


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip or tar file that the files of a model are published in; 0 bytes: not known."""

    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where the files come from.

    `wheel`: inside the installed import package `package`, that pip installs by `requirement`;
    `url`: each file has one, or all are members of the `archive`; `hand`: `where` is a sentence
    that says where to get them.
    """

    kind: str
    package: str
    requirement: str
    where: str
    archive: Archive | None = None


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The names of a model's class ids: `names[0]` belongs to `first_id`, "" marks a gap.

    With a `role` they stand in that one of the model's own files and are read when it is loaded;
    a line that is `gap` there is no name, and `meant` has the clean names of words that mean other
    things elsewhere: one for each of the lines that are such a word, in their order.
    """

    file: str
    first_id: int
    names: tuple[str, ...]
    role: str = ""
    gap: str = GAP
    meant: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def name_of(self, class_id: int) -> str:
        """Return the name of a class id, "" when nothing has it."""
        index = class_id - self.first_id
        return self.names[index] if 0 <= index < len(self.names) else ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which confidence a model is believed, when few, a normal number or many tags are wanted.

    `parent` is the least summed probability of a more general name; only classifiers have it.
    """

    few: float
    normal: float
    many: float
    parent: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """A known answer: a name, its confidence give or take `tolerance`, for a detector its box.

    `box` is left, top, right, bottom in 0..1; the found one must have an IoU of 0.8 with it.
    """

    name: str
    confidence: float
    tolerance: float
    box: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A picture in `selftest/` and what the model must say of it."""

    picture: str
    expected: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known of a model; `runtimes` stand in order of preference.

    `floor` is the least confidence of a result, `limit` the most results a picture: both only keep
    the catalog small, `thresholds` say what is believed and are not part of a model's version.
    `nms_iou` is the overlap from which the weaker of two boxes of a class is dropped.
    """

    name: str
    kind: str
    description: str
    licence: str
    homepage: str
    floor: float
    limit: int
    thresholds: Thresholds
    nms_iou: float
    source: Source
    files: tuple[WeightsFile, ...]
    input: InputSpec
    runtimes: tuple[RuntimeSpec, ...]
    labels: LabelNames
    selftests: tuple[SelfTest, ...]
    path: str
