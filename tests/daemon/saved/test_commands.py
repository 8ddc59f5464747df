"""Running programs: exit codes, deadlines, much to say, children that stay."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.saved import commands
from phototagd.daemon.saved.commands import CannotStartError, execute

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, seconds: float = 30) -> str:
    return execute(tuple(os.fsencode(part) for part in arguments), seconds, threading.Event())


def test_success_has_no_problem_and_failure_tells_the_exit_code() -> None:
    assert run("true") == ""
    assert run("sh", "-c", "exit 7") == "exit code 7"
    assert run("sh", "-c", "kill -9 $$") == "was ended by signal 9"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(CannotStartError, match="no-such-program cannot be started: No such file"):
        run("/no-such-program")


def test_a_script_that_is_no_program_cannot_be_started(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo no first line")
    script.chmod(0o755)
    with pytest.raises(CannotStartError, match="Exec format error"):
        run(str(script))


def test_arguments_that_are_too_long_are_the_fault_of_one_photo() -> None:
    assert "too long" in run("true", "x" * 5_000_000)


def test_arguments_that_no_program_takes_are_the_fault_of_one_photo() -> None:
    assert "null byte" in run("true", "a\0b")


def test_a_command_that_may_not_be_ended_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[int] = []

    def refuse(group: int, _number: int) -> None:
        refused.append(group)
        raise PermissionError

    monkeypatch.setattr(commands, "END_SECONDS", 0.01)
    monkeypatch.setattr(os, "killpg", refuse)
    with pytest.warns(ResourceWarning, match="still running"):
        problem = run("sleep", "600", seconds=0.1)
    assert problem == "took longer than 0.1 s"
    assert len(refused) == 2
    os.kill(refused[0], signal.SIGKILL)
    os.waitpid(refused[0], 0)


def test_a_command_does_not_speak_for_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/somewhere")
    assert run("sh", "-c", 'test -z "$NOTIFY_SOCKET"') == ""


def test_input_is_closed_and_a_flood_of_output_does_not_stop_it() -> None:
    assert run("sh", "-c", "cat; head -c 5000000 /dev/zero") == ""


def test_at_the_deadline_it_and_its_children_are_ended() -> None:
    assert run("sh", "-c", "sleep 600; true", seconds=0.2) == "took longer than 0.2 s"


def test_a_child_that_keeps_the_output_open_is_not_waited_for() -> None:
    assert run("sh", "-c", "sleep 60 & exit 0", seconds=20) == ""


def test_at_our_end_it_is_ended() -> None:
    stopping = threading.Event()
    stopping.set()

    assert execute((b"sleep", b"600"), 600, stopping) == "ended with the daemon"


def test_at_our_end_it_has_time_to_finish() -> None:
    stopping = threading.Event()
    stopping.set()

    assert execute((b"sleep", b"0.2"), 600, stopping) == ""
