"""A realistic run, made by hand: one of three web replicas is stopped for 45 s.

And its variants: a wrong receiver, an observer that went blind, a guardrail that
stopped it, something still broken, a refusal without any event.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from gameday.model.alerting.alert import AlertRule
from gameday.model.events import Event, InstanceChanged, event
from gameday.model.experiment import Experiment
from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.plan import Monitoring, Plan, PlannedFault, PlannedStep, Timing
from gameday.model.scenario import (
    AlertPromise,
    Expect,
    Load,
    Scenario,
    SloPromise,
    Step,
)
from gameday.model.slos.slo import Slo, Term
from gameday.model.target import Instance, TargetRef
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Finding, Outcome, Verdict

START = 1768478400.0  # 2026-01-15T12:00:00Z
FAULT = START + 10.0
UNDONE = FAULT + 45.412
END = FAULT + 150.0
STEP = "lose-a-replica"
SLO = "checkout-availability"
ALERT = "WebReplicaDown"
LABELS = {"alertname": ALERT, "severity": "page", "instance": "web-2:8000"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that a report is made of."""

    plan: Plan
    timeline: Timeline
    verdict: Verdict


def plan(**changes: Any) -> Plan:
    request = FaultRequest(
        kind="process.stop", selection=Selection(service="web", count=1)
    )
    web = tuple(
        Instance(service="web", name=f"web-{n}", identity={"id": f"c0ffee{n}"})
        for n in (1, 2, 3)
    )
    fault = PlannedFault(
        request=request,
        victims=(web[1],),
        found=3,
        duration=105.0,
        how="docker stop",
        holds_deadline=True,
    )
    made = Plan(
        scenario=scenario(),
        steps=(
            PlannedStep(
                name=STEP, faults=(fault,), hold_at_most=45.0, aftermath_at_most=120.0
            ),
        ),
        instances=web,
        monitoring=Monitoring(
            rules=(AlertRule(name=ALERT, expr="up == 0", hold=5.0, interval=1.0),),
            scrape_interval=1.0,
            evaluation_interval=1.0,
            prometheus_version="2.42.0",
            alertmanager_version="0.25.0",
        ),
        timings=(
            Timing(
                step=STEP,
                subject=ALERT,
                question="pages_within",
                promised=45.0,
                earliest=9.0,
                latest=47.0,
                state="not_guaranteed",
                because="a group that is alive already pages after group_interval 30s",
            ),
        ),
        seed=20260115,
        warnings=("ShopWatchdog is firing already; it is not promised",),
    )
    return replace(made, **changes)


def scenario() -> Scenario:
    promise = AlertPromise(
        alert=ALERT,
        labels={"severity": "page"},
        fires_within=30.0,
        reaches=("oncall",),
        pages_within=45.0,
        resets_within=90.0,
        page_resolves_within=120.0,
    )
    step = Step(
        name=STEP,
        experiment=Experiment(
            path="experiments/stop-one-web.yaml",
            title="One web replica is gone",
            document={},
        ),
        hold=45.0,
        expect=Expect(
            alerts=(promise,),
            slos=(SloPromise(slo=SLO, spends_at_most=0.02),),
            recovers_within=60.0,
        ),
    )
    return Scenario(
        name="checkout-survives-a-lost-replica",
        owner="payments",
        path="scenarios/lost-replica.yaml",
        target=TargetRef(kind="docker", name="shop"),
        steps=(step,),
        slos=(
            Slo(
                name=SLO,
                service="checkout",
                objective=0.99,
                window=2592000.0,
                bad=(Term(selector='requests{code="500"}'),),
                total=(Term(selector="requests"),),
                format="openslo",
            ),
        ),
        load=Load(url="http://127.0.0.1:8080/checkout", rate=50.0),
    )


def events() -> list[Event]:
    return [
        *_phases(),
        *_fault(),
        *_alert(),
        *_pages(),
        *_probes(),
        *_counted(),
    ]


def _phases() -> list[Event]:
    given = (
        (0.0, "warmup", ""),
        (4.0, "gate", STEP),
        (9.96, "fault", STEP),
        (10.6, "hold", STEP),
        (55.0, "undo", STEP),
        (55.5, "aftermath", STEP),
        (151.0, "settle", STEP),
    )
    return [
        event(START, "run_started", run="20260115-120000-k3x9", scenario="checkout"),
        *(event(START + at, "phase", phase=p, step=s) for at, p, s in given),
        event(END, "run_ended", ending="finished", because=""),
    ]


def _fault() -> list[Event]:
    return [
        event(
            FAULT,
            "fault_started",
            step=STEP,
            id="f1",
            fault="process.stop",
            service="web",
            instance="web-2",
            arguments={},
            duration=105.0,
        ),
        event(
            FAULT + 0.412,
            "fault_biting",
            step=STEP,
            id="f1",
            bites=True,
            because="the container is exited and its process is gone",
            evidence={"state": "exited", "pid": 0},
        ),
        event(
            UNDONE,
            "fault_ended",
            step=STEP,
            id="f1",
            ok=True,
            by="rollback",
            because="was stopped; started again and healthy",
        ),
        event(
            FAULT + 0.4,
            "instance",
            service="web",
            instance="web-2",
            state="stopped",
            health="",
            up=False,
            error=0.001,
        ),
        event(
            UNDONE + 2.1,
            "instance",
            service="web",
            instance="web-2",
            state="running",
            health="healthy",
            up=True,
            error=0.001,
        ),
    ]


def _alert() -> list[Event]:
    starts = FAULT + 2.314
    fields = {"alert": ALERT, "labels": LABELS, "starts": starts, "error": 0.001}
    return [
        event(starts, "alert_pending", **fields),
        event(FAULT + 12.314, "alert_firing", **fields),
        event(UNDONE + 4.902, "alert_resolved", exact=True, **fields),
    ]


def _pages(receiver: str = "oncall") -> list[Event]:
    given = ((FAULT + 17.55, "firing"), (UNDONE + 35.2, "resolved"))
    return [
        event(
            at,
            "page",
            receiver=receiver,
            vendor="pagerduty",
            status=status,
            group_key='{}:{alertname="WebReplicaDown"}',
            alerts=[{"labels": LABELS, "status": status, "fingerprint": "a1b2"}],
            seq=number,
        )
        for number, (at, status) in enumerate(given)
    ]


def _probes() -> list[Event]:
    looks = []
    for second in range(4, 150):
        at = START + second + 0.25
        phase = "before" if at < FAULT else "during" if at < UNDONE else "after"
        looks.append(
            event(
                at,
                "probe",
                step=STEP,
                phase=phase,
                name="the checkout answers",
                ok=not 10.5 < second < 12.5,
                value=200,
                because="",
                took=0.012,
            )
        )
    return looks


def _counted() -> list[Event]:
    """Count 50 requests a second; for 3 s after the fault every third one fails."""
    good, bad = 1000.0, 3.0
    told_events, goods, bads = [], [], []
    for second in range(150):
        at = START + second + 0.5
        failed = 16 if 10 <= second < 13 else 1 if second % 37 == 0 else 0
        sent = 50 + round(2 * math.sin(second))
        good, bad = good + sent - failed, bad + failed
        goods.append([at, good])
        bads.append([at, bad])
        told_events.append(
            event(
                START + second + 1,
                "load",
                since=START + second,
                until=START + second + 1,
                sent=sent,
                ok=sent - failed,
                failed=failed,
                late=0.0,
                p50=0.011,
                p99=0.034,
                in_flight=1,
            )
        )
    told_events += [
        _sample("bad", "500", bads),
        _sample("total", "500", bads),
        _sample("total", "200", goods),
    ]
    return told_events


def _sample(side: str, code: str, values: list[list[float]]) -> Event:
    return event(
        END,
        "sample",
        slo=SLO,
        side=side,
        sign=1.0,
        series={"code": code},
        values=values,
    )


def _finding(question: str, because: str, **rest: Any) -> Finding:
    given = {
        "step": STEP,
        "check": "alert",
        "subject": ALERT,
        "outcome": Outcome.PASS,
        "unit": "s",
        "evidence": {},
    }
    return Finding(question=question, because=because, **(given | rest))


def findings() -> tuple[Finding, ...]:
    return (
        *_steady_findings(),
        *_fault_findings(),
        *_alert_findings(),
        *_slo_findings(),
    )


def _steady_findings() -> list[Finding]:
    given = (
        ("before", "The hypothesis held at the gate: 5 of 5 probes."),
        ("during", "The hypothesis held all through the fault: 45 of 45 probes."),
        ("after", "The hypothesis held once recovered: 3 of 3 probes."),
    )
    return [
        _finding(
            name,
            because,
            check="steady_state",
            subject=STEP,
            unit="",
            evidence={"probes": [{"name": "the checkout answers", "ok": 45, "bad": 0}]},
        )
        for name, because in given
    ]


def _fault_findings() -> list[Finding]:
    return [
        _finding(
            "bites",
            "process.stop on web-2 bites: its process is gone.",
            check="fault",
            subject="web",
            unit="",
            evidence={"instance": "web-2", "at": FAULT + 0.412, "state": "exited"},
        ),
        _finding(
            "undone",
            "Everything was undone 412 ms after the order, by the rollback.",
            check="fault",
            subject="web",
            measured=0.412,
            error=0.001,
            evidence={"by": "rollback", "at": UNDONE},
        ),
    ]


def _alert_findings() -> list[Finding]:
    return [
        _finding(
            "fires_within",
            "WebReplicaDown fired 12.314 s after the fault started.",
            measured=12.314,
            error=0.001,
            promised=30.0,
            evidence={
                "fault_started": FAULT,
                "pending": FAULT + 2.314,
                "firing": FAULT + 12.314,
                "labels": LABELS,
                "samples": [
                    {"time": FAULT + 2.314 + n, "state": "pending", "value": 1}
                    for n in range(10)
                ],
            },
        ),
        _finding(
            "stays_firing",
            "WebReplicaDown kept firing until the fault was undone.",
            unit="",
        ),
        _finding(
            "reaches",
            "The page arrived at oncall and nowhere else.",
            unit="",
            evidence={"receivers": ["oncall"]},
        ),
        _finding(
            "pages_within",
            "oncall was paged 17.550 s after the fault started.",
            measured=17.55,
            error=0.012,
            promised=45.0,
            evidence={"page": {"receiver": "oncall", "vendor": "pagerduty", "seq": 0}},
        ),
        _finding(
            "resets_within",
            "WebReplicaDown was resolved 4.902 s after the fault ended.",
            measured=4.902,
            error=0.001,
            promised=90.0,
        ),
        _finding(
            "page_resolves_within",
            "oncall heard that it is over 35.200 s after the fault ended.",
            measured=35.2,
            error=0.012,
            promised=120.0,
        ),
        _finding(
            "no_other_alerts",
            "Nothing else rang.",
            subject=STEP,
            unit="",
            evidence={"offenders": [], "ignored": ["ShopWatchdog"]},
        ),
    ]


def _slo_findings() -> list[Finding]:
    return [
        _finding(
            "spends_at_most",
            "48 bad events spent 0.0037 % of the 30 days' budget, promised were 2 %.",
            check="slo",
            subject=SLO,
            unit="ratio",
            measured=0.000037,
            error=0.000001,
            promised=0.02,
            evidence={
                "bad_events": 48,
                "window_events": 129600000,
                "from": "the held rate times the window",
                "objective": 0.99,
            },
        ),
        _finding(
            "agrees_with_load",
            "The load counted 48 failed requests, the SLO 48.",
            check="slo",
            subject=SLO,
            unit="",
        ),
        _finding(
            "recovers_within",
            "Every SLI was back within its objective 1.088 s after the fault ended.",
            check="recovery",
            subject=STEP,
            measured=1.088,
            error=1.0,
            promised=60.0,
        ),
    ]


def verdict(**changes: Any) -> Verdict:
    made = Verdict(
        run="20260115-120000-k3x9",
        scenario="checkout-survives-a-lost-replica",
        started=START,
        ended=END,
        ending=Ending.FINISHED,
        findings=findings(),
        provenance={
            "gameday": "0.1.0",
            "git": "4f2c9d1",
            "rules": "sha256:5b1f0c8e4a27d913",
            "routes": "sha256:c77a1e90b3fd2284",
        },
    )
    return replace(made, **changes)


def passing() -> Run:
    return Run(plan=plan(), timeline=Timeline(events()), verdict=verdict())


def _changed(**by_question: dict[str, Any]) -> tuple[Finding, ...]:
    return tuple(
        replace(finding, **by_question.get(finding.question, {}))
        for finding in findings()
    )


def wrong_receiver() -> Run:
    """The page arrives, but at chat; a second, unexpected alert is late to reset."""
    failed = _changed(
        reaches={
            "outcome": Outcome.FAIL,
            "because": "WebReplicaDown paged chat, but oncall was promised: its route "
            "matches severity=critical, the alert carries severity=page.",
            "evidence": {"promised": "oncall", "receivers": ["chat"]},
        },
        pages_within={
            "outcome": Outcome.FAIL,
            "because": "oncall was not paged within 45 s, nor later.",
            "measured": None,
            "error": None,
        },
        page_resolves_within={
            "outcome": Outcome.FAIL,
            "because": "oncall heard that it is over 131.200 s after the fault ended.",
            "measured": 131.2,
        },
    )
    kept = [entry for entry in events() if entry.kind != "page"]
    return Run(
        plan=plan(),
        timeline=Timeline([*kept, *_pages("chat")]),
        verdict=verdict(findings=failed),
    )


def inconclusive() -> Run:
    """Prometheus could not be seen while the alert should have reset."""
    unsure = _changed(
        resets_within={
            "outcome": Outcome.INCONCLUSIVE,
            "because": "Prometheus did not answer from +40.000 s to +70.000 s, so "
            "nobody can tell when WebReplicaDown was resolved.",
            "measured": None,
            "error": None,
        },
    )
    extra = [
        event(FAULT + 40, "blind", source="prometheus", because="connection refused"),
        event(FAULT + 70, "sees", source="prometheus"),
    ]
    return Run(
        plan=plan(),
        timeline=Timeline([*events(), *extra]),
        verdict=verdict(findings=unsure),
    )


def guardrail() -> Run:
    """A guardrail stopped the run 20 s into the fault."""
    stopped = FAULT + 20
    kept = [entry for entry in events() if entry.at < stopped]
    extra = [
        event(
            stopped,
            "guardrail",
            name="checkout-availability budget",
            state="breached",
            value=0.062,
            limit=0.05,
            because="6.2 % of the error budget was spent, at most 5 % may be",
        ),
        event(stopped, "phase", phase="undo", step=STEP),
        event(
            stopped + 0.6,
            "fault_ended",
            step=STEP,
            id="f1",
            ok=True,
            by="run",
            because="was stopped; started again",
        ),
        event(stopped + 1, "run_ended", ending="guardrail", because="budget"),
    ]
    return Run(
        plan=plan(),
        timeline=Timeline([*kept, *extra]),
        verdict=verdict(
            ending=Ending.GUARDRAIL,
            ended=stopped + 1,
            because="The guardrail checkout-availability budget was breached 20 s into "
            "the fault: 6.2 % of the error budget was spent, at most 5 % may be.",
            findings=_changed(
                resets_within={
                    "outcome": Outcome.INCONCLUSIVE,
                    "because": "The run was stopped before the time was over.",
                    "measured": None,
                    "error": None,
                },
            ),
        ),
    )


def broken() -> Run:
    """The undo did not succeed: web-2 is still stopped."""
    hand = "docker start shop-web-2"
    kept = [
        entry for entry in events() if entry.kind != "fault_ended" or entry.at < UNDONE
    ]
    kept = [
        entry for entry in kept if not (isinstance(entry, InstanceChanged) and entry.up)
    ]
    extra = [
        event(
            UNDONE,
            "undo_failed",
            step=STEP,
            id="f1",
            instance="web-2",
            because="the Docker engine does not answer",
            by_hand=hand,
        )
    ]
    failed = _changed(
        undone={
            "outcome": Outcome.FAIL,
            "because": "process.stop on web-2 could not be undone: the Docker engine "
            "does not answer.",
            "measured": None,
            "error": None,
        }
    )
    return Run(
        plan=plan(),
        timeline=Timeline([*kept, *extra]),
        verdict=verdict(
            findings=failed,
            broken=(f"web-2 is still stopped (process.stop): {hand}",),
        ),
    )


def refused() -> Run:
    """Nothing was touched: no events and no findings but the questions."""
    because = "The target docker://shop is held by run 20260115-115501-a7fq (pid 4711)."
    asked = tuple(
        replace(
            finding,
            outcome=Outcome.INCONCLUSIVE,
            because=f"Not asked: the run was refused. {because}",
            measured=None,
            error=None,
            evidence={},
        )
        for finding in findings()
    )
    return Run(
        plan=plan(refusals=(because,)),
        timeline=Timeline(),
        verdict=verdict(
            ending=Ending.REFUSED, ended=START + 0.2, because=because, findings=asked
        ),
    )


def variants() -> dict[str, Run]:
    return {
        "passing": passing(),
        "wrong_receiver": wrong_receiver(),
        "inconclusive": inconclusive(),
        "guardrail": guardrail(),
        "broken": broken(),
        "refused": refused(),
    }
