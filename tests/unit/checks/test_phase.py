"""The phase of a fault is part of the evidence, or why it is unknown."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gameday.model.events import Event, event
from gameday.model.plan import Plan, ScrapeJob
from gameday.model.verdict import Verdict
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    plan,
    promise,
    rule,
    step,
    timeline,
)

NAME = "WebReplicaDown"
LABELS: dict[str, Any] = {"severity": "page", "instance": "web-2", "job": "web"}


def asked(expr: str = 'up{job="web"} == 0') -> Plan:
    promised = promise(NAME, fires_within=60.0, resets_within=60.0)
    known = replace(rule(NAME), expr=expr, interval=10.0, hold=20.0)
    jobs = (ScrapeJob(name="web", interval=10.0, timeout=5.0),)
    return plan(step(alerts=(promised,)), rules=(known,), jobs=jobs)


def scraped(*targets: tuple[str, float]) -> list[Event]:
    """Targets that are scraped every 10 s, one of them at the time given."""
    return [
        event(
            when,
            "scrape",
            job="web",
            instance=name,
            up=True,
            targets=2,
            state="up",
            interval=10.0,
        )
        for name, when in targets
    ]


def story(scrapes: Iterable[Event], planned: Plan, begins: float = 10.0) -> Verdict:
    told = timeline(
        fault("web-2", begins=at(begins), ends=at(60)),
        alert(NAME, fires=at(37), resolves=at(67), **LABELS),
        scrapes,
    )
    return judged(planned, told)


def phase(verdict: Verdict, question: str = "fires_within") -> dict[str, Any]:
    evidence: dict[str, Any] = answer(verdict, question, NAME).evidence["phase"]
    return evidence


def test_the_wait_for_the_next_scrape_and_evaluation_is_told() -> None:
    """Evaluated at 7, 17, 27 s …; the victim is scraped at 4, 14, 24 s …."""
    verdict = story(scraped(("web-1", at(1)), ("web-2", at(4))), asked())
    # The fault at 10 s: scraped at 14, judged at 17, firing 20 s later.
    assert phase(verdict) == {
        "waited": 7.0,
        "at": 3.0,
        "period": 10.0,
        "scrape": 4.0,
        "scrape_interval": 10.0,
        "evaluation": 7.0,
        "evaluation_interval": 10.0,
    }
    # Its end at 60 s: scraped at 64, judged at 67.
    assert phase(verdict, "resets_within")["waited"] == 7.0


def test_a_phase_that_just_misses_a_scrape_waits_for_the_next() -> None:
    verdict = story(scraped(("web-2", at(4))), asked(), begins=14.5)
    assert phase(verdict)["waited"] == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("scrapes", "expr", "why"),
    [
        ([], 'up{job="web"} == 0', "no scrape of what it reads was recorded"),
        (
            scraped(("web-1", at(1)), ("web-3", at(4))),
            'up{job="web"} == 0',
            "2 scrape targets decide together",
        ),
        (
            scraped(("web-2", at(4))),
            'rate(errors{job="web"}[30s]) > 1',
            "a range of 30s decides",
        ),
    ],
)
def test_why_a_phase_is_unknown_is_told(
    scrapes: list[Event], expr: str, why: str
) -> None:
    assert phase(story(scrapes, asked(expr))) == {"unknown": why}
