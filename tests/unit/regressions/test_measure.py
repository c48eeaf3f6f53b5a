"""What a run measured, and which part of it its phase explains."""

from dataclasses import replace

import pytest

from gameday.model.plan import Plan, Timing
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.regressions.measure import RunMeasure, observed
from tests.builders import STEP, plan, step

PHASE = {"phase": {"waited": 0.4, "at": 0.1, "period": 1.0}}
PAGE_OF = {"pages_within": "fires_within", "page_resolves_within": "resets_within"}


def finding(question: str, measured: float, **evidence: object) -> Finding:
    return Finding(
        step=STEP,
        check="alert",
        subject="Down",
        question=question,
        outcome=Outcome.PASS,
        because="",
        measured=measured,
        unit="s",
        evidence=evidence,
    )


def timed(question: str, latest: float | None) -> Timing:
    return Timing(
        step=STEP,
        subject="Down",
        question=question,
        promised=20.0,
        earliest=1.0,
        latest=latest,
        state="ok",
        because="",
    )


def seen(planned: Plan, page: str) -> dict[str, RunMeasure]:
    findings = (finding(PAGE_OF[page], 2.0, **PHASE), finding(page, 3.0))
    verdict = Verdict(
        run="r",
        scenario="s",
        started=0.0,
        ended=9.0,
        ending=Ending.FINISHED,
        findings=findings,
    )
    measures = observed(planned, verdict)
    return {measure.measure.key.question: measure for measure in measures}


@pytest.mark.parametrize(
    ("page", "latest", "waited", "besides"),
    [
        ("pages_within", 2.0, 0.4, None),
        ("pages_within", 4.0, 0.4, 2.0),
        ("pages_within", None, None, None),
        ("page_resolves_within", 2.0, 0.4, None),
        ("page_resolves_within", 4.0, None, None),
        ("page_resolves_within", None, None, None),
    ],
)
def test_a_page_has_the_phase_of_its_alert_and_may_wait_for_its_group_besides(
    page: str, latest: float | None, waited: float | None, besides: float | None
) -> None:
    timings = (timed(PAGE_OF[page], 2.0), timed(page, latest))
    measures = seen(replace(plan(step()), timings=timings), page)
    (alert,) = measures[PAGE_OF[page]].measure.samples
    (paged,) = measures[page].measure.samples
    assert (alert.waited, paged.waited) == (0.4, waited)
    assert (alert.besides, paged.besides) == (None, besides)
