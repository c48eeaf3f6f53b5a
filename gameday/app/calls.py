"""The functions of `gameday` for Python, behind their signatures."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gameday.errors import UsageError
from gameday.frozen import frozen
from gameday.model.quantity import parse_duration
from gameday.runner.conditions import PendingCondition
from gameday.runner.run_state import RunState

if TYPE_CHECKING:
    from gameday.app.result import Result
    from gameday.files.check import CheckResult
    from gameday.model.events import Event
    from gameday.model.plan import Plan
    from gameday.model.verdict import Verdict
    from gameday.replays.judged import Replayed


@frozen
class Wanted:
    """The options of a game day, as a caller writes them."""

    out: str | None = None
    seed: int | None = None
    env_file: str | None = None
    target: str | None = None
    anyway: bool = False
    wait_for_target: str = "0s"


def run(
    scenario: str,
    wanted: Wanted,
    changes: Mapping[str, Any],
    tell: Callable[[str], None] | None = None,
) -> "Result":
    """Hold one game day; GamedayError where there was no run. `tell` hears messages."""
    from gameday.app.days.game_days import (
        Audience,
        GameDayOptions,
        hold,
        read_scenarios,
    )
    from gameday.app.result import Options

    wishes = GameDayOptions(
        out=wanted.out,
        seed=wanted.seed,
        env_file=wanted.env_file,
        target=wanted.target,
        changes=changes,
        wait_for_target=_duration("wait_for_target", wanted.wait_for_target),
        options=Options(anyway=wanted.anyway),
    )
    watch = Audience(screen=_unseen, tell=tell or _echo, over=lambda *_: None)
    (held,) = hold(read_scenarios([scenario], wishes), wishes, watch)
    if held.result is None:
        raise held.error or UsageError(f"{scenario}: there was no run")
    return held.result


def check(
    paths: Sequence[str],
    *,
    env_file: str | None,
    exclude: Sequence[str],
    base: str | None,
) -> "CheckResult":
    """Validate files and folders."""
    from gameday.app import check

    patterns = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    asked = check.CheckRequest(exclude=patterns, base=base)
    env = check.environment_with(env_file)
    return check.check(paths, env, sys.stdin, asked)


def judge(run: str) -> "Verdict":
    """Judge a stored run again."""
    from gameday.app.judge_run import find, judge_stored

    return judge_stored(find(run)).verdict


def replay(
    runs: Sequence[str],
    *,
    rules: Sequence[str],
    alertmanager: str,
    prometheus: str,
    at: str | None,
) -> "tuple[Replayed, ...]":
    """Judge stored runs again, under other rules and routes."""
    from gameday.app.evidence import replay
    from gameday.clock import SystemClock

    wish = replay.ReplayRequest(
        rules=(rules,) if isinstance(rules, str) else tuple(rules),
        alertmanager=alertmanager,
        prometheus=prometheus,
        at=None if at is None else _instant("at", at),
    )
    answers = replay.replay(runs, wish, SystemClock())
    return tuple(answer.replayed for answer in answers)


def _instant(name: str, text: str) -> float:
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{name}: {text!r} is not a date; write it such as 2026-01-03T03:00:00Z"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _duration(name: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _echo(text: str) -> None:
    sys.stderr.write(f"{text}\n")


class _Unseen:
    """A view that shows nothing: the report tells it all."""

    def show(self, event: "Event", run_state: RunState) -> None:
        """Do nothing."""

    def tick(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        """Do nothing."""


@contextmanager
def _unseen(_plan: "Plan") -> Iterator[_Unseen]:
    yield _Unseen()
