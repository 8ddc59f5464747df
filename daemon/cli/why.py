"""``phototag why``: what speaks for each tag of a photo, and why a name is not there."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from . import Settings, pass_settings

if TYPE_CHECKING:
    from ...db.records import PhotoRecord, Verdict
    from ...models.results import Analysis, Evidence, Tag
    from ..fusing import Fuser

MOST_EVIDENCE = 4
MOST_DROPPED = 8
RULES = {
    "detected": "a detector sees it",
    "lifted": "a detector sees it, and the classifier agrees",
    "leaf": "the classifier's name for the whole photo",
    "refined": "the classifier's name for what is in the box",
    "sum": "the sum of what is below it",
    "implied": "a kind of it is there",
    "owner": "you have said so",
}


@click.command("why", short_help="What speaks for a photo's tags, and why a name is not there.")
@click.argument("path", type=click.Path(path_type=bytes))
@click.argument("label", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_settings
def command(settings: Settings, path: bytes, label: str | None, as_json: bool) -> int:
    """Print what speaks for each tag of the photo at PATH: models, scores, thresholds, verdicts.

    With LABEL only for this name and what is below it, also where it is not believed, with the
    reason. Exit code 1 if the photo, or the name, has no tag.

    \b
    Examples:
      phototag why ~/Pictures/husky.jpg
      phototag why ~/Pictures/husky.jpg cat
    """
    from ...db.reader import CatalogReader
    from .. import output
    from ..fusing import make_fuser
    from ..verdicts import names_known
    from .judge import find_photo

    fuser = make_fuser(settings.config)
    with CatalogReader.open(settings.config.catalog.path) as reader:
        known = find_photo(reader, path)
        if known is None:
            return 1
        photo, fingerprint = known
        analysis, verdicts = reader.evidence(photo.id), reader.verdicts(fingerprint)
        if analysis is None:
            click.echo("it was analysed by an earlier version, which kept no reasons", err=True)
            return 1
        name = None if label is None else _name(label, names_known(reader, photo), fuser)
    tags = _tags(analysis, verdicts, fuser, name)
    found = _to_dict(photo, analysis, verdicts, fuser, tags)
    if name is not None:
        found |= {"asked": name, "silent": "" if tags else _silence(name, settings, fuser)}
    if as_json:
        output.print_json(found)
    else:
        _print(found)
    return 0 if any(not tag.dropped for tag in tags) else 1


def _name(label: str, known: tuple[str, ...], fuser: Fuser) -> str:
    from ..verdicts import LabelUnclear, find_name

    try:
        return find_name(label, fuser, known)
    except LabelUnclear as error:
        raise click.UsageError(str(error)) from None


def _tags(
    analysis: Analysis, verdicts: tuple[Verdict, ...], fuser: Fuser, name: str | None
) -> list[Tag]:
    """Return the believed tags, then what is not believed and why; with a name only its own."""
    from dataclasses import replace

    from ...models.fusion import leave_out, weigh

    def rename(one: str) -> str:
        return fuser.rules.rename.get(one, one)

    rejected = [one.name for one in verdicts if one.kind == "reject"]
    believed = list(fuser.read(analysis, verdicts).tags)
    names = {tag.name for tag in believed}
    heard = leave_out(analysis, rejected, fuser.taxonomy)
    others = {tag.name: tag for tag in weigh(heard, fuser.taxonomy, fuser.rules)}
    for tag in weigh(analysis, fuser.taxonomy, fuser.rules):
        if not {rename(one) for one in rejected}.isdisjoint((tag.name, *tag.parents)):
            others[tag.name] = replace(tag, dropped="you have said that it is not there")
    dropped = [tag for tag in others.values() if tag.name not in names and tag.dropped]
    if name is None:
        return believed + [tag for tag in dropped if "you have" in tag.dropped]
    asked = rename(name)
    akin = [tag for tag in (*believed, *dropped) if asked in (tag.name, *tag.parents)]
    return sorted(akin, key=lambda tag: (tag.name != asked, bool(tag.dropped), -tag.confidence))


def _silence(name: str, settings: Settings, fuser: Fuser) -> str:
    """Say why nothing at all speaks for a name."""
    from ...models.settings import choose_manifests
    from ..worker import model_settings

    taxonomy = fuser.taxonomy
    able = [
        manifest.name
        for manifest in choose_manifests(model_settings(settings.config))
        if any(name in taxonomy.shown_by(taxonomy.canonical(one)) for one in manifest.labels.names)
    ]
    if not able:
        return "none of the models in use has a word for it"
    return f"{' and '.join(able)} can say it, and did not"


def _to_dict(
    photo: PhotoRecord,
    analysis: Analysis,
    verdicts: tuple[Verdict, ...],
    fuser: Fuser,
    tags: list[Tag],
) -> dict[str, Any]:
    from .. import output

    digests = {model.name: model.digest for model in analysis.models}
    said = {one.name: one for one in verdicts}
    canonical = {new: old for old, new in fuser.rules.rename.items()}
    facts = output.photo_to_dict(photo)
    return {
        **{key: facts[key] for key in ("path", "path_b64", "analyzed_at")},
        "models": [{"name": name, "digest": digest} for name, digest in digests.items()],
        "is_up_to_date": photo.rules == fuser.digest,
        "tags": [
            _tag_to_dict(tag, digests, said.get(canonical.get(tag.name, tag.name))) for tag in tags
        ],
        "verdicts": [_verdict_to_dict(one) for one in verdicts],
    }


def _tag_to_dict(tag: Tag, digests: dict[str, str], verdict: Verdict | None) -> dict[str, Any]:
    return {
        "name": tag.name,
        "is_believed": not tag.dropped,
        "not_because": tag.dropped,
        "confidence": round(tag.confidence, 4),
        "threshold": round(tag.threshold, 4),
        "kind": tag.kind,
        "rule": tag.rule,
        "refines": tag.refines,
        "parents": list(tag.parents),
        "is_shown": tag.shown,
        "verdict": None if verdict is None else _verdict_to_dict(verdict),
        "evidence": [
            _evidence_to_dict(one, digests) for one in tag.evidence if one.model != "owner"
        ],
    }


def _evidence_to_dict(one: Evidence, digests: dict[str, str]) -> dict[str, Any]:
    box = one.box
    sides = [] if box is None else [box.left, box.top, box.right, box.bottom]
    return {
        "source": one.source,
        "model": one.model,
        "digest": digests.get(one.model),
        "name": one.name,
        "confidence": round(one.confidence, 4),
        "box": [round(side, 5) for side in sides] or None,
    }


def _verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    at = datetime.fromtimestamp(verdict.at).astimezone().isoformat(timespec="seconds")
    return {"name": verdict.name, "kind": str(verdict.kind), "at": at}


def _print(found: dict[str, Any]) -> None:
    from ..printable import printable_text

    click.echo(printable_text(found["path"]))
    models = [f"{model['name']} ({model['digest'][:12]})" for model in found["models"]]
    click.echo(f"  analysed {found['analyzed_at']} by {', '.join(models)}")
    if not found["is_up_to_date"]:
        click.echo("  these reasons are by changed settings: `phototag refresh` brings the tags")
    believed = [tag for tag in found["tags"] if tag["is_believed"]]
    dropped = [tag for tag in found["tags"] if not tag["is_believed"]]
    follow = [tag for tag in believed if tag["rule"] in ("implied", "owner") and not tag["verdict"]]
    for tag in believed:
        if tag not in follow:
            _print_tag(tag)
    _print_following(follow, believed)
    for tag in dropped[:MOST_DROPPED]:
        _print_tag(tag)
    if len(dropped) > MOST_DROPPED:
        click.echo(f"  ... and {len(dropped) - MOST_DROPPED} fainter names: --json shows all")
    if found.get("silent"):
        click.echo(f"  nothing speaks for {found['asked']}: {found['silent']}")


def _print_tag(tag: dict[str, Any]) -> None:
    where = "".join(f" < {name}" for name in reversed(tag["parents"]))
    mark = " " if tag["is_believed"] else "-"
    click.echo(f"{mark} {tag['confidence']:4.2f}  {tag['name']}{where}")
    if not tag["is_believed"]:
        click.echo(f"        not a tag: {tag['not_because']}")
    if tag["verdict"]:
        click.echo(f"        your word: {tag['verdict']['kind']}, {tag['verdict']['at']}")
    needs = f"; needs {tag['threshold']:.2f}" if tag["threshold"] else ""
    click.echo(f"        {RULES.get(tag['rule'], tag['rule'])}{needs}")
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in tag["evidence"]:
        said[f"{one['model']}, {_place(one)}"].append(one)
    for who, words in said.items():
        click.echo(f"        {who}: {_words(words)}")


def _print_following(follow: list[dict[str, Any]], believed: list[dict[str, Any]]) -> None:
    """Print the more general names in a line for each tag that they follow from."""
    from_whom: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for tag in follow:
        below = [one for one in believed if tag["name"] in one["parents"] and one not in follow]
        best = max(below, key=lambda one: one["confidence"], default=None)
        from_whom[best["name"] if best else ""].append(tag)
    for name, tags in from_whom.items():
        listed = ", ".join(tag["name"] for tag in tags)
        click.echo(f"  {tags[0]['confidence']:4.2f}  {listed}: above {name or 'a tag'}")


def _words(words: list[dict[str, Any]]) -> str:
    listed = [f"{one['name']} {one['confidence']:.2f}" for one in words[:MOST_EVIDENCE]]
    rest = words[MOST_EVIDENCE:]
    if rest:
        listed.append(f"{len(rest)} more {sum(one['confidence'] for one in rest):.2f}")
    return ", ".join(listed)


def _place(one: dict[str, Any]) -> str:
    if one["box"] is None:
        return "the whole photo"
    left, top, right, bottom = one["box"]
    sides = f"left {left:.0%}, top {top:.0%}, right {right:.0%}, bottom {bottom:.0%}"
    return f"what is in {sides}" if one["source"] == "crop" else sides
