"""The models: their files, and whether they answer in the engines that are here."""

from __future__ import annotations

import queue
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...models.errors import ModelError
from ...models.runtime import TITLES, is_installed, require_installed
from ...models.settings import choose_manifests, choose_runtimes
from ...models.store import WeightsStore
from ..messages import Died, Ready, Refused, decode_reply, encode
from ..printable import count
from ..worker import ChildProgram, Worker, model_settings, plan_worker
from .findings import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...models.manifest import Manifest
    from ..config import Config
    from ..messages import Reply
    from .findings import Case, Finding

TRIAL_SECONDS: Final = 300.0  # a first preparation of the models on a slow computer


def check_models(case: Case) -> Iterator[Finding]:
    """Look at the files of the models in use, then load and try them as the daemon does."""
    try:
        manifests = choose_manifests(model_settings(case.config))
    except ModelError as error:
        yield problem(str(error), "mend [models] in the settings; phototag models list")
        return
    are_right = True
    for manifest in manifests:
        case.say(f"reading the files of {manifest.name}")
        for finding in _files(case, manifest):
            are_right &= not finding.remedy
            yield finding
    for engine in TITLES:
        yield from _engine(case, engine, manifests, are_right=are_right)


def _files(case: Case, manifest: Manifest) -> Iterator[Finding]:
    # Without a cache directory no sum is remembered, so that nothing is written.
    store = WeightsStore(case.config.models.directory, None)
    files = store.status(manifest)
    size = f"{sum(file.size for file in files) / 1e6:,.1f} MB, {files[0].source}"
    if case.is_quick and all(file.state != "absent" for file in files):
        yield ok(f"{manifest.kind} {manifest.name}: {size}, files are there")
        return
    try:
        store.resolve(manifest)
    except ModelError as error:
        yield problem(
            f"{manifest.kind} {manifest.name}: {error.path}: {error.reason}",
            error.remedy or "phototag models verify",
        )
    else:
        yield ok(f"{manifest.kind} {manifest.name}: {size}, sha256 sums are right")


def _engine(
    case: Case, engine: str, manifests: tuple[Manifest, ...], *, are_right: bool
) -> Iterator[Finding]:
    title, wish = TITLES[engine], case.config.models.engine
    is_chosen = wish == engine or (wish == "auto" and engine == next(iter(TITLES)))
    complain = problem if is_chosen else note
    able = [manifest.name for manifest in manifests if choose_runtimes(manifest, engine)]
    if not is_installed(engine):
        try:
            require_installed(engine)
        except ModelError as error:
            yield complain(error.reason, error.remedy)
    elif not able:
        yield complain(f"{title}: none of the models in use can run in it")
    elif case.is_quick:
        yield ok(f"{title} is installed; not tried (--quick)")
    elif are_right:
        case.say(f"trying the models in {title}")
        begin = time.monotonic()
        reply = try_engine(case.config, engine)
        seconds = time.monotonic() - begin
        if isinstance(reply, Ready):
            known = f"{count(len(able), 'model')} gave the known answers"
            yield ok(f"{title}: {known} ({seconds:.0f} s)")
            for text in reply.notices if is_chosen else ():
                yield note(text)
        else:
            reason = reply.reason
            yield complain(f"{title}: {reason}", "install the program anew, or set models.engine")


def try_engine(config: Config, engine: str) -> Ready | Refused | Died:
    """Start a child as the daemon does, with this engine alone; return its first answer.

    It sees what was prepared before through links, so that all it writes is thrown away.
    """
    replies: queue.SimpleQueue[Reply | Died] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="phototag-doctor-") as name:
        prepared = config.models.cache / "converted"
        if prepared.is_dir():
            folder = Path(name) / "converted"
            shutil.copytree(prepared, folder, copy_function=_link, dirs_exist_ok=True)
        models = replace(config.models, engine=engine, cache=Path(name))
        plan = plan_worker(replace(config, models=models))
        program = ChildProgram("recognizer", plan.to_json(), encode, decode_reply)
        worker = Worker(program, replies.put)
        worker.start()
        try:
            return _wait(replies)
        finally:
            worker.stop()


def _wait(replies: queue.SimpleQueue[Reply | Died]) -> Ready | Refused | Died:
    end = time.monotonic() + TRIAL_SECONDS
    while True:
        try:
            reply = replies.get(timeout=max(end - time.monotonic(), 0.0))
        except queue.Empty:
            return Died(f"no answer within {TRIAL_SECONDS:.0f} s")
        if isinstance(reply, Ready | Refused | Died):
            return reply


def _link(source: str, target: str) -> None:
    Path(target).symlink_to(source)
