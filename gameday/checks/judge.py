"""The judge: a plan and a timeline, nothing else, make the verdict.

The same input gives the same verdict, to the byte: nothing here reads a clock, and
every list has an order of its own.
"""

from collections.abc import Sequence

from gameday.checks.compose import compose
from gameday.checks.run import Run
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Verdict


def judge(  # noqa: PLR0913 - all that a verdict says beside its findings
    plan: Plan,
    timeline: Timeline,
    *,
    run: str,
    ending: Ending,
    because: str,
    started: float,
    ended: float,
    broken: Sequence[str] = (),
) -> Verdict:
    """Return what a run proved; times in seconds since the epoch."""
    seen = Run(
        plan=plan,
        timeline=timeline,
        ending=ending,
        because=because,
        broken=tuple(broken),
    )
    return Verdict(
        run=run,
        scenario=plan.scenario.name,
        started=started,
        ended=ended,
        ending=ending,
        findings=compose(seen),
        because=because,
        provenance=dict(plan.provenance),
        broken=tuple(broken),
    )
