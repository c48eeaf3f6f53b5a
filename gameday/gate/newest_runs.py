"""Of stored runs those that a gate asks: the newest of each scenario."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from gameday.coverage.past import Past
from gameday.gate.decide import NewestRun
from gameday.model.verdict import REPEAT, Ending, Outcome

_WORST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


def newest(pasts: Sequence[Past]) -> list[Past]:
    """Return of each scenario and testbed the newest run, and all of its commit.

    What was repeated is one answer; a run of which no commit is known stands alone.
    """
    by_scenario: dict[tuple[str, str], list[Past]] = {}
    for past in pasts:  # the newest first
        if past.verdict.ending is not Ending.FINISHED:
            continue
        same = by_scenario.setdefault((past.verdict.scenario, past.testbed), [])
        commit = past.verdict.provenance.get("git", "")
        if not same or (commit and commit == same[0].verdict.provenance.get("git")):
            same.append(past)
    return [past for same in by_scenario.values() for past in same]


def newest_of_each_scenario(pasts: Sequence[Past]) -> list[NewestRun]:
    """Return the newest run of each scenario and testbed, and what was before it.

    Repeats of one `gameday run --repeat` are one answer, the worst of them.
    """
    runs: dict[tuple[str, str], list[Past]] = {}
    for past in pasts:  # the newest first
        runs.setdefault((past.verdict.scenario, past.testbed), []).append(past)
    return [_newest_of(runs[key]) for key in sorted(runs)]


def _newest_of(pasts: Sequence[Past]) -> NewestRun:
    """Return the newest of a scenario's runs, which come newest first."""
    repeats = _repeats(pasts)
    newest = min(repeats, key=lambda past: _WORST.index(_answer(past)))
    return NewestRun(
        scenario=newest.verdict.scenario,
        run=newest.verdict.run,
        ending=newest.verdict.ending,
        outcome=_answer(newest),
        because=newest.verdict.because,
        before=_earlier_proof(newest, pasts[len(repeats) :]),
    )


def _answer(past: Past) -> Outcome:
    """Return what a run proved; one that did not come to its end kept nothing."""
    outcome = past.verdict.outcome
    finished = past.verdict.ending is Ending.FINISHED
    return Outcome.INCONCLUSIVE if not finished and outcome is Outcome.PASS else outcome


def _repeats(pasts: Sequence[Past]) -> Sequence[Past]:
    """Return the newest run with those of the same `--repeat` that came before it."""
    number, _, of = pasts[0].verdict.provenance.get(REPEAT, "").partition("/")
    if not number.isdecimal():
        return pasts[:1]
    wanted = [f"{earlier}/{of}" for earlier in range(int(number), 0, -1)]
    told = [past.verdict.provenance.get(REPEAT) for past in pasts]
    same = (mine == part for mine, part in zip(told, wanted, strict=False))
    return pasts[: len(list(takewhile(bool, same)))]


def _earlier_proof(newest: Past, earlier: Iterable[Past]) -> Outcome | None:
    """Return what was proven before; a failure tried again is no answer before it."""
    commit = newest.verdict.provenance.get("git", "")
    for past in earlier:
        if past.verdict.ending is not Ending.FINISHED:
            continue
        same = commit and commit == past.verdict.provenance.get("git", "")
        if not same or past.verdict.outcome is not Outcome.FAIL:
            return past.verdict.outcome
    return None
