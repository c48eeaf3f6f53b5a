"""`gameday replay`: recorded game days under today's rules and routes."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from gameday.app.evidence import replay_more
from gameday.app.evidence.replay_run import ReplayAnswer, RunReplay, TodaysFiles
from gameday.app.judge_run import find, judge_stored
from gameday.errors import InvalidFile, StoreError, UsageError
from gameday.frozen import frozen
from gameday.ports import Clock
from gameday.replays import amtool
from gameday.replays.judged import unanswered
from gameday.runner.evaluation.scratch import Scratch, find_program
from gameday.runner.evaluation.server import Server
from gameday.store import recordings
from gameday.store.folder import write_file

NO_SERIES = (
    "the run recorded nothing of what its rules read; runs of this version record it"
)


PROMTOOL, AMTOOL = "promtool", "amtool"


@frozen
class ReplayRequest:
    """What is replayed: today's files, empty where the run's own hold.

    `prometheus`: a server's address, a program, or empty: the program on PATH. `at`:
    the moment at which the fault begins for time intervals; None: as recorded.
    """

    rules: tuple[str, ...] = ()
    alertmanager: str = ""
    prometheus: str = ""
    at: float | None = None
    vary: tuple[float, ...] = ()  # seconds of `for` to try with what was promised
    emit: str = ""  # the folder for unit tests
    tests: str = PROMTOOL  # for which tool they are


def replay(
    names: Sequence[str], wish: ReplayRequest, clock: Clock
) -> Iterator[ReplayAnswer]:
    """Yield each run as it would have been; files and program are looked at first."""
    given = _given(wish)
    records = [find(name) for name in names]  # a missing run before a missing program
    is_server = wish.prometheus.startswith(("http://", "https://"))
    program = "" if is_server else find_program(wish.prometheus)
    for record in records:
        stored = judge_stored(record)
        recording = recordings.read(record.folder)
        plan, timeline, verdict = stored.plan, stored.timeline, stored.verdict
        if recording is None:
            yield ReplayAnswer(replayed=unanswered(verdict, NO_SERIES))
            continue
        door: AbstractContextManager[Server] = (
            nullcontext(Server(wish.prometheus))
            if is_server
            else Scratch(program, recording.lookback, clock)
        )
        with door as server:
            work = RunReplay(plan, timeline, recording, server, clock)
            answer = work.answer(verdict, given, wish.at)
            tests: dict[str, str] = {}
            if wish.emit and wish.tests == AMTOOL:
                routes = amtool.render(verdict.run, timeline)
                tests = {f"{verdict.run}.routes.yaml": routes} if routes else {}
            elif wish.emit:
                tests = replay_more.unit_tests(work, verdict.run, wish.emit)
            varied = replay_more.varied(work, wish.vary)
            yield replace(answer, varied=varied, tests=tests)


def write_tests(answer: ReplayAnswer, folder: str) -> Iterator[str]:
    """Write a run's tests, never over a file; yield in words what was done."""
    run = answer.replayed.recorded.run
    if not answer.tests:
        yield (
            f"{run}: no test can be made of it: no promised alert that can be replayed "
            "rang"
        )
    for name, text in answer.tests.items():
        path = Path(folder) / name
        if path.exists():
            raise UsageError(
                f"{path} is there already; remove it, or name another folder"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}") from error
        yield f"wrote {write_file(str(path), text)}"


def _given(wish: ReplayRequest) -> TodaysFiles:
    given = TodaysFiles()
    if wish.rules:
        from gameday.files.prometheus import rule_files

        rule_file = rule_files.read(wish.rules)
        given = TodaysFiles(alerts=rule_file.alerts, recorded=rule_file.recorded)
    if wish.alertmanager:
        from gameday.files.alertmanager import alertmanager

        routing, problems = alertmanager.read(wish.alertmanager)
        if routing is None:
            raise InvalidFile(
                [problem for problem in problems if problem.severity == "error"]
            )
        given = replace(given, routing=routing)
    return given
