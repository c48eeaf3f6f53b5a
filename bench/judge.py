"""How long a verdict takes: 30 SLOs and 440 rules, against the limit of 0.5 s.

Prints our own time in seconds and its ratio to the limit; exits 1 above it.
Usage: python bench/judge.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.model.alerting.alert import AlertRule
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.scenario import SloPromise
from gameday.model.timeline import Timeline
from gameday.model.verdict import Verdict
from tests.builders import (
    alert,
    at,
    evaluated,
    fault,
    judged,
    objective,
    page,
    plan,
    promise,
    requests,
    rule,
    scrape,
    step,
    timeline,
    traffic,
)

LIMIT = 0.5
SLOS = 30
RULES = 440
PROMISES = 40
REPLICAS = 3
ROUNDS = 5


def main() -> int:
    """Judge the same run a few times; the median counts."""
    planned, story = a_plan(), list(a_timeline())
    times = []
    verdict: Verdict | None = None
    for _ in range(ROUNDS):
        began = time.perf_counter()
        verdict = judged(planned, Timeline(story))
        times.append(time.perf_counter() - began)
    took = sorted(times)[ROUNDS // 2]
    count = len(verdict.findings) if verdict else 0
    print(
        f"{count} findings on {SLOS} SLOs and {RULES} rules, {len(story)} events: "
        f"{took:.3f} s, {took / LIMIT:.2f} x the limit of {LIMIT} s"
    )
    return 0 if took <= LIMIT else 1


def a_plan() -> Plan:
    """Return a step that promises something of every SLO and of many alerts."""
    names = [f"slo-{number}" for number in range(SLOS)]
    alerts = tuple(
        promise(
            f"Alert{number}",
            fires_within=60.0,
            reaches="oncall",
            pages_within=60.0,
            resets_within=90.0,
            page_resolves_within=90.0,
        )
        for number in range(PROMISES)
    )
    budgets = tuple(SloPromise(slo=name, spends_at_most=0.5) for name in names)
    asked = step(alerts=alerts, slos=budgets, recovers_within=60.0, heals_within=60.0)
    return plan(
        asked, slos=[objective(name) for name in names], load=50.0, rules=the_rules()
    )


def the_rules() -> tuple[AlertRule, ...]:
    """Return the loaded rules, in groups of ten."""
    return tuple(
        rule(f"Alert{number}", group=f"group-{number // 10}") for number in range(RULES)
    )


def a_timeline() -> Timeline:
    """Return a run in which everything that was promised happened."""
    parts: list[list[Event]] = [fault(by="self"), traffic(failed={(11, 14): 20})]
    for number in range(SLOS):
        for replica in range(REPLICAS):
            where = f"web-{replica + 1}:8000"
            errors = {(11.0, 14.0): 20 / 3}
            parts.append(
                requests(f"slo-{number}", instance=where, rate=50 / 3, errors=errors)
            )
    for number in range(PROMISES):
        name = f"Alert{number}"
        parts += [
            alert(name, pends=at(14), fires=at(22), resolves=at(60)),
            page("oncall", at(25), name, starts=at(22)),
            page("oncall", at(63), name, status="resolved", ends=at(60)),
        ]
    parts += [scrape(f"target-{number}:80", job="other") for number in range(100)]
    groups = range(RULES // 10)
    parts.append([evaluated(at(152), f"group-{number}") for number in groups])
    parts.append([event(at(1), "clock", source="prometheus", offset=0.0, error=0.001)])
    return timeline(*parts)


if __name__ == "__main__":
    sys.exit(main())
