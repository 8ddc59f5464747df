"""Sidecars: what exiftool reads in ours, what foreign ones keep, and what is refused."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from exiftool import complaints_of, exiftool, tags_of
from foreign_sidecars import DARKTABLE, DIGIKAM, FOREIGN, IPTC_REGIONS, LIGHTROOM, SPLIT

from phototagd.daemon.tagging import xmp
from phototagd.daemon.tagging.errors import Refused
from phototagd.daemon.tagging.xmp import Region, SidecarContent
from phototagd.daemon.tagging.xmp_edit import prove
from phototagd.daemon.tagging.xmp_fields import Packet, read_packet
from phototagd.daemon.tagging.xmp_packet import MAX_BYTES, Document, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

DOG = Region("dog", 0.1, 0.2, 0.3, 0.4, 0.91)
CAR = Region("car", 0.0, 0.5, 1.0, 0.5, 0.5)
OURS = SidecarContent(
    subjects=("dog", "Straße"), hierarchy=(("animal", "dog"),), regions=(DOG,),
    added=("dog", "Straße"),
)  # fmt: skip
OTHER = SidecarContent(
    subjects=("cat", "car"), hierarchy=(("animal", "cat"), ("vehicle", "car")),
    regions=(CAR, DOG), added=("cat", "car"),
)  # fmt: skip

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LISTS = (
    "{http://purl.org/dc/elements/1.1/}subject",
    "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject",
    "{http://www.digikam.org/ns/1.0/}TagsList",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}ImageRegion",
)
FIELDS = (
    "XMP-dc:Subject", "XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList",
    "XMP-iptcExt:ImageRegion",
)  # fmt: skip


def keywords(data: bytes) -> tuple[str, ...]:
    """Read the keywords that are not ours; what is broken has none."""
    found = xmp.open_loosely(data)
    return () if found is None else found.keywords()


def packet(inside: str, attributes: str = "") -> bytes:
    """Make a sidecar with something inside its rdf:Description."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def subjects(*items: str, container: str = "Bag") -> str:
    inner = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<dc:subject><rdf:{container}>{inner}</rdf:{container}></dc:subject>"


def others(data: bytes) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """Return every element outside our fields, with its path: ElementTree's own view."""

    def look(
        element: ElementTree.Element, path: str
    ) -> Iterator[tuple[str, str, list[tuple[str, str]], str]]:
        children = [child for child in element if "urn:phototagd" not in child.tag]
        is_plain = element.tag == f"{RDF}Description" and set(element.attrib) <= {f"{RDF}about"}
        if is_plain and {child.tag for child in children} <= set(LISTS):
            return
        yield path, element.tag, sorted(element.attrib.items()), (element.text or "").strip()
        for child in children:
            if child.tag not in LISTS:
                yield from look(child, f"{path}/{element.tag}")

    return list(look(ElementTree.fromstring(data), ""))  # noqa: S314 - made here


def is_subsequence(old: bytes, new: bytes) -> bool:
    """Tell whether ``new`` is ``old`` with nothing but additions."""
    rest = iter(new)
    return all(byte in rest for byte in old)


def test_exiftool_reads_our_lists_and_finds_no_fault() -> None:
    content = SidecarContent(
        subjects=("holiday", "R&D <x>", "Straße", "дом", "dog"),
        hierarchy=(("animal", "dog"),),
        added=("dog",),
    )
    tags = tags_of(xmp.build(content))

    assert tags["XMP-dc:Subject"] == ["holiday", "R&D <x>", "Straße", "дом", "dog"]
    one_level = ["holiday", "R&D <x>", "Straße", "дом"]
    assert tags["XMP-lr:HierarchicalSubject"] == [*one_level, "animal|dog"]
    assert tags["XMP-digiKam:TagsList"] == [*one_level, "animal/dog"]
    assert tags["XMP-phototag:Added"] == ["dog"]
    assert complaints_of(xmp.build(content)) == ["OK"]


def test_exiftool_reads_our_regions_as_relative_rectangles() -> None:
    regions = tags_of(xmp.build(OTHER))["XMP-iptcExt:ImageRegion"]

    assert [region["Name"] for region in regions] == ["car", "dog"]
    assert regions[1]["RegionBoundary"] == {
        "RbShape": "rectangle", "RbUnit": "relative",
        "RbX": 0.1, "RbY": 0.2, "RbW": 0.3, "RbH": 0.4,
    }  # fmt: skip
    assert len({region["RId"] for region in regions}) == 2
    assert not any("Regions" in name for name in tags_of(xmp.build(OTHER)))  # no faces


def test_a_region_never_leaves_the_picture() -> None:
    over = Region("dog", -0.1, 0.8, 0.5, 0.4, 0.5)
    built = xmp.build(SidecarContent(("dog",), (), (over,), ("dog",)))

    (region,) = xmp.read(built).regions
    assert (region.left, region.top, region.width, region.height) == (0.0, 0.8, 0.5, 0.2)


def test_what_is_built_is_read_back_and_is_the_same_every_time() -> None:
    content = SidecarContent(
        ("holiday", "dog"), (("holiday",), ("animal", "dog")), (DOG, CAR), ("dog",)
    )
    assert xmp.read(xmp.build(content)) == content
    assert xmp.build(content) == xmp.build(content)


def test_exiftool_rewrites_our_sidecar_and_we_still_know_ours() -> None:
    content = SidecarContent(("holiday", "dog"), (("animal", "dog"),), (DOG,), ("dog",))
    edited = exiftool(xmp.build(content), "-Subject+=beach", "-Rating=3", "-o", "-")

    assert xmp.read(edited).subjects == ("holiday", "dog", "beach")
    assert keywords(edited) == ("beach",)
    without = xmp.remove_ours(edited)
    assert without is not None
    tags = tags_of(without)
    assert tags.pop("XMP-xmp:Rating") == 3
    assert tags.pop("XMP-dc:Subject") == ["holiday", "beach"]
    assert [name for name in tags if name != "XMP-x:XMPToolkit"] == []


@pytest.mark.parametrize("name", FOREIGN)
def test_merging_only_adds_bytes_and_undo_gives_the_old_ones(name: str) -> None:
    old = FOREIGN[name]
    new = xmp.merge(old, OURS)

    assert new != old
    assert is_subsequence(old, new)
    assert others(new) == others(old)
    assert xmp.remove_ours(new) == old
    assert xmp.remove_ours(old) is None


@pytest.mark.parametrize("name", [name for name in FOREIGN if name != "swapped prefixes"])
def test_exiftool_sees_only_our_items_come_and_has_nothing_new_to_say(name: str) -> None:
    old = FOREIGN[name]
    new = xmp.merge(old, OURS)
    before, after = tags_of(old), tags_of(new)

    ours = (["dog", "Straße"], ["animal|dog", "Straße"], ["animal/dog", "Straße"])
    for field, items in zip(FIELDS, ours, strict=False):
        was = before.pop(field, None)
        assert after.pop(field)[-2:] == items
        assert was is None or tags_of(new)[field] == [*was, *items]
    regions = before.pop(FIELDS[3], [])
    assert after.pop(FIELDS[3])[:-1] == regions
    assert before == {key: tag for key, tag in after.items() if "phototag" not in key}
    assert complaints_of(new) == complaints_of(old)


@pytest.mark.parametrize("name", FOREIGN)
def test_merging_again_leaves_no_trace_of_the_items_before(name: str) -> None:
    once = xmp.merge(FOREIGN[name], OURS)

    assert xmp.merge(once, OURS) == once
    assert xmp.merge(once, OTHER) == xmp.merge(FOREIGN[name], OTHER)
    assert xmp.merge(once, SidecarContent(subjects=("holiday",))) == FOREIGN[name]


def test_line_ends_of_the_file_are_kept() -> None:
    new = xmp.merge(FOREIGN["BOM, CRLF and padding"], OURS)

    assert new.count(b"\n") == new.count(b"\r\n")


def test_a_keyword_that_is_there_is_neither_added_nor_ours() -> None:
    new = xmp.merge(DARKTABLE, SidecarContent(("HUND", "cat"), (), (), ("HUND", "cat")))

    assert xmp.read(new).added == ("cat",)
    assert xmp.read(new).subjects == ("darktable", "format", "Hund", "cat")
    assert xmp.merge(DARKTABLE, SidecarContent(("hund",), (), (), ("hund",))) == DARKTABLE


def test_a_list_that_we_start_holds_what_the_owner_has_elsewhere() -> None:
    new = xmp.merge(DARKTABLE, SidecarContent(("IPTC only", "dog"), (), (), ("dog",)))

    tags = tags_of(new)
    assert tags["XMP-digiKam:TagsList"] == [
        "darktable/format/jpg", "Tiere/Hund", "IPTC only", "dog",
    ]  # fmt: skip
    assert "IPTC only" not in tags["XMP-dc:Subject"]


def test_copies_of_the_owners_keywords_are_not_taken_for_new_ones() -> None:
    new = xmp.build(SidecarContent(("holiday", "dog"), (), (), ("dog",)))

    assert keywords(new) == ()
    assert keywords(xmp.merge(DIGIKAM, OURS)) == keywords(DIGIKAM)


def test_an_item_that_another_program_added_to_our_list_stays_with_its_list() -> None:
    new = xmp.build(SidecarContent(("holiday", "dog"), (), (), ("dog",)))
    item = b"<rdf:li>dog</rdf:li>"
    edited = new.replace(item, item + b"<rdf:li>Dog</rdf:li>", 1)

    without = xmp.remove_ours(edited)

    assert without is not None
    assert xmp.read(without).subjects == ("holiday", "Dog")
    assert xmp.read(without).hierarchy == ()
    assert not xmp.is_bare(without)


def test_a_sidecar_that_is_all_ours_is_bare_without_us() -> None:
    without = xmp.remove_ours(xmp.build(OURS))

    assert without is not None
    assert xmp.is_bare(without)
    assert not xmp.is_bare(LIGHTROOM)


def test_a_hierarchy_of_the_owner_that_ends_like_ours_stays() -> None:
    new = xmp.merge(LIGHTROOM, OURS)
    edited = new.replace(
        b">animal|dog</rdf:li>", b">animal|dog</rdf:li><rdf:li>pets|dog</rdf:li>", 1
    )

    without = xmp.remove_ours(edited)

    assert without is not None
    assert xmp.read(without).hierarchy == (("pets", "dog"),)


def test_regions_of_others_keep_their_place_before_ours() -> None:
    new = xmp.merge(IPTC_REGIONS, OURS)

    assert [region.name for region in xmp.read(new).regions] == ["poster", "dog"]
    assert xmp.read(new).regions[0] == Region("poster", 0.25, 0.5, 0.5, 0.25, 0.0)


def test_an_empty_list_is_filled_and_is_empty_again() -> None:
    for empty in ("<rdf:Bag/>", "<rdf:Bag />", "<rdf:Bag></rdf:Bag>", "<rdf:Bag>\n </rdf:Bag>"):
        old = packet(f"<dc:subject>{empty}</dc:subject>", 'dc:format="image/jpeg"')
        new = xmp.merge(old, OURS)
        without = xmp.remove_ours(new)

        assert xmp.read(new).subjects == ("dog", "Straße")
        assert without is not None
        assert others(without) == others(old)
        assert xmp.read(without) == SidecarContent()
        assert b"<dc:subject><rdf:Bag" in without


def test_characters_that_xml_does_not_know_are_left_out() -> None:
    content = SidecarContent(("a\0b\x0b\ud800", "\x01"), (("\x02", "a\0b"),), (), ("a\0b", "\x01"))

    assert xmp.read(xmp.build(content)).subjects == ("ab",)


def test_separators_inside_a_keyword_make_no_levels() -> None:
    tags = tags_of(xmp.build(SidecarContent(("AC/DC", "a|b"), (), (), ("AC/DC", "a|b"))))

    assert tags["XMP-dc:Subject"] == ["AC/DC", "a|b"]
    assert tags["XMP-lr:HierarchicalSubject"] == ["AC/DC", "a/b"]
    assert tags["XMP-digiKam:TagsList"] == ["AC\\DC", "a|b"]


def test_separators_inside_the_owners_keywords_do_not_make_copies_new_ones() -> None:
    owners = packet(subjects("AC/DC", "a|b"))
    new = xmp.merge(owners, OURS)

    assert keywords(new) == ("AC/DC", "a|b")
    assert xmp.remove_ours(new) == owners


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
HOSTILE = {
    "nothing": b"",
    "no XML": b"\xff\xd8\xff\xe0 JFIF",
    "cut off": DARKTABLE[:700],
    "billion laughs": f"<!DOCTYPE x [{LAUGHS}]>".encode() + packet(subjects("&l9;")),
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + packet(subjects("&e;")),
    "entity in UTF-16": (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + packet(subjects("&e;")).decode()
    ).encode("utf-16"),
    "depth 10,000": packet("<dc:a>" * 10_000 + "</dc:a>" * 10_000),
    "a million elements": packet("<a/>" * 900_000),
    "many namespaces": packet("".join(f'<a xmlns:n{n}="u"/>' for n in range(20_000))),
    "long namespace": packet("<n:a/>" * 90_000, f'xmlns:n="{"u" * 3_000_000}"'),
    "many attributes": packet("", " ".join(f'dc:a{n}="1"' for n in range(200_000))),
    "invalid UTF-8": packet(subjects("caf\u00e9")).decode().encode("latin-1"),
    "wrong root": b"<svg>" + packet(subjects("dog")) + b"</svg>",
    "no RDF": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    "two RDF": b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    + packet(subjects("dog")) * 2
    + b"</x:xmpmeta>",
    "undeclared prefix": packet("<crs:Version>1</crs:Version>"),
    "undeclared entity": packet(subjects("&nbsp;")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_for_writing_and_empty_for_reading(name: str) -> None:
    with pytest.raises(Refused):
        xmp.merge(HOSTILE[name], OURS)
    with pytest.raises(Refused):
        xmp.remove_ours(HOSTILE[name])
    assert xmp.read(HOSTILE[name]) == SidecarContent()
    assert keywords(HOSTILE[name]) == ()


def test_a_file_over_the_size_limit_is_not_even_parsed() -> None:
    huge = packet("", f'dc:format="{"x" * 100_000_000}"')

    assert len(huge) > MAX_BYTES
    with pytest.raises(Refused, match="larger than 4 MiB"):
        xmp.merge(huge, OURS)
    assert keywords(huge) == ()


def opened(data: bytes) -> tuple[Document, Packet]:
    document = parse(data)
    return document, read_packet(document.root, is_strict=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'darktable:params="gz10', b'darktable:params="gz11'),
        (b"&lt;warm&gt;", b"warm"),
        (b"<rdf:li>format</rdf:li>", b""),
        (b"<rdf:li>Hund</rdf:li>", b"<rdf:li>Hunde</rdf:li>"),
        (b"<rdf:li>darktable</rdf:li>", b'<rdf:li xml:lang="en">darktable</rdf:li>'),
        (b'xmp:Rating="4"', b""),
        (b"dc:subject>", b"dc:creator>"),
        (b"<rdf:Seq/>", b""),
    ],
)
def test_the_proof_finds_whatever_else_would_change(old: bytes, new: bytes) -> None:
    merged = xmp.merge(DARKTABLE, OURS)
    prove(opened(DARKTABLE), opened(merged))
    assert old in DARKTABLE

    with pytest.raises(Refused, match="would"):
        prove(opened(DARKTABLE), opened(merged.replace(old, new)))


UNUSUAL = {
    "an attribute": (packet("", 'dc:subject="dog"'), ()),
    "plain text": (packet("<dc:subject>beach</dc:subject>"), ("beach",)),
    "lists in lists": (
        packet("<dc:subject>" * 50 + "<rdf:li>a</rdf:li>" * 20_000 + "</dc:subject>" * 50), ("a",)
    ),
    "two lists": (packet(subjects("beach") + subjects("sea")), ("beach", "sea")),
    "numbered items": (
        packet("<dc:subject><rdf:Bag><rdf:_1>beach</rdf:_1></rdf:Bag></dc:subject>"), ("beach",)
    ),
    "declared as Latin-1": (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + packet(subjects("beach")), ("beach",)
    ),
    "UTF-16": (packet(subjects("beach")).decode().encode("utf-16"), ("beach",)),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_lists_are_read_but_not_edited(name: str) -> None:
    data, expected = UNUSUAL[name]

    with pytest.raises(Refused):
        xmp.merge(data, OURS)
    assert keywords(data) == expected


@pytest.mark.parametrize("name", FOREIGN)
def test_a_sidecar_with_flipped_bytes_is_merged_without_loss_or_refused(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - no secret
    merged = 0
    for _ in range(150):
        data = bytearray(FOREIGN[name])
        for _ in range(chance.choice((1, 1, 3))):
            data[chance.randrange(len(data))] = chance.choice(b"<>&/\"' a=:;\0\xff|-!?[]x")
        old = bytes(data)
        xmp.read(old)
        try:
            new = xmp.merge(old, OURS)
        except Refused:
            continue
        merged += 1
        assert is_subsequence(old, new)
        assert others(new) == others(old)
    assert 5 < merged < 145


def test_splitting_programs_of_the_owner_lose_nothing_when_ours_come_and_go() -> None:
    """exiftool writes the merged file anew, one rdf:Description for each namespace."""
    rewritten = exiftool(xmp.merge(SPLIT, OURS), "-Rating=1", "-o", "-")
    without = xmp.remove_ours(rewritten)

    assert without is not None
    expected = tags_of(exiftool(SPLIT, "-Rating=1", "-o", "-"))
    assert tags_of(without) == expected
