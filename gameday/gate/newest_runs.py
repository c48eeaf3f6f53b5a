"""Of stored runs those that a gate asks: the newest of each scenario."""

from collections.abc import Sequence
from dataclasses import replace

from gameday.coverage.past import Past
from gameday.gate.decide import NewestRun
from gameday.model.verdict import Ending


def newest(pasts: Sequence[Past]) -> list[Past]:
    """Return of each scenario and testbed the newest run, and all of its commit.

    What was repeated is one answer; a run of which no commit is known stands alone.
    """
    found: dict[tuple[str, str], list[Past]] = {}
    for past in pasts:  # the newest first
        if past.verdict.ending is not Ending.FINISHED:
            continue
        same = found.setdefault((past.verdict.scenario, past.testbed), [])
        commit = past.verdict.provenance.get("git", "")
        if not same or (commit and commit == same[0].verdict.provenance.get("git")):
            same.append(past)
    return [past for same in found.values() for past in same]


def held(pasts: Sequence[Past]) -> list[NewestRun]:
    """Return the newest run of each scenario and testbed that ran to its end."""
    found: dict[tuple[str, str], NewestRun] = {}
    for past in pasts:  # the newest first
        verdict = past.verdict
        if verdict.ending is not Ending.FINISHED:
            continue
        key = (verdict.scenario, past.testbed)
        if key not in found:
            found[key] = NewestRun(
                scenario=verdict.scenario,
                run=verdict.run,
                ending=verdict.ending,
                outcome=verdict.outcome,
            )
        elif found[key].before is None:
            found[key] = replace(found[key], before=verdict.outcome)
    return [found[key] for key in sorted(found)]
