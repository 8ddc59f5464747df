"""Running programs: exit codes, deadlines, much to say, children that stay."""

from __future__ import annotations

import os
import threading

from phototagd.daemon.saved.commands import execute


def run(*arguments: str, seconds: float = 30) -> str:
    return execute(tuple(os.fsencode(part) for part in arguments), seconds, threading.Event())


def test_success_has_no_problem_and_failure_tells_the_exit_code() -> None:
    assert run("true") == ""
    assert run("sh", "-c", "exit 7") == "exit code 7"
    assert run("sh", "-c", "kill -9 $$") == "was ended by signal 9"


def test_a_program_that_is_not_there_is_named() -> None:
    assert "no-such-program cannot be started: No such file" in run("/no-such-program")


def test_input_is_closed_and_a_flood_of_output_does_not_stop_it() -> None:
    assert run("sh", "-c", "cat; head -c 5000000 /dev/zero") == ""


def test_at_the_deadline_it_and_its_children_are_ended() -> None:
    assert run("sh", "-c", "sleep 600; true", seconds=0.2) == "took longer than 0.2 s"


def test_a_child_that_keeps_the_output_open_is_not_waited_for() -> None:
    assert run("sh", "-c", "sleep 60 & exit 0", seconds=20) == ""


def test_at_our_end_it_is_ended() -> None:
    stopping = threading.Event()
    threading.Timer(0.2, stopping.set).start()

    assert execute((b"sleep", b"600"), 600, stopping) == "ended with the daemon"
