"""Stories for tests: a plan and a timeline in the words of a game day.

Reads like Alertmanager's acceptance tests::

    story = timeline(
        fault("web-2", begins=at(10), ends=at(55)),
        alert("WebReplicaDown", severity="page", fires=at(22), resolves=at(60)),
        page("oncall", at(25), "WebReplicaDown", severity="page"),
    )

`at(42)` is 42 seconds into the story. The scenery (phases, probes, observers that
saw everything) comes by itself; a test takes away what it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.checks.judge import judge
from gameday.model.alerting.alert import AlertRule, Matcher
from gameday.model.events import Event, event
from gameday.model.experiment import Experiment
from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.plan import Monitoring, Plan, PlannedFault, PlannedStep
from gameday.model.scenario import (
    AlertPromise,
    Endpoint,
    Expect,
    Guardrail,
    Load,
    Observe,
    Pages,
    Scenario,
    Step,
)
from gameday.model.slos.slo import Slo, Term
from gameday.model.target import Instance, TargetRef
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Finding, Verdict

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
STEP = "lose-a-replica"
END = 150.0  # the aftermath is over
SOURCES = ("prometheus", "alertmanager", "pager", "target")

Part = Iterable[Event]


def at(seconds: float) -> float:
    """Return the instant that many seconds into the story."""
    return START + seconds


# --- what is asked ----------------------------------------------------------------


def promise(alert: str, **rest: Any) -> AlertPromise:
    """Return a promise about an alert; its labels are severity=page.

    `reaches`: a receiver, or several.
    """
    labels = rest.pop("labels", {"severity": "page"})
    reaches = rest.pop("reaches", ())
    receivers = (reaches,) if isinstance(reaches, str) else tuple(reaches)
    return AlertPromise(alert=alert, labels=labels, reaches=receivers, **rest)


def replica(number: int, **rest: Any) -> Instance:
    """Return one of the web replicas."""
    name = f"web-{number}"
    rest.setdefault("addresses", (f"172.18.0.{number + 1}",))
    return Instance(service="web", name=name, identity={"id": name}, **rest)


def stop(service: str = "web", kind: str = "process.stop") -> FaultRequest:
    """Return a fault on one instance of a service."""
    return FaultRequest(kind=kind, selection=Selection(service=service, count=1))


def step(
    *,
    name: str = STEP,
    faults: Sequence[FaultRequest] | None = None,
    hypothesis: bool = True,
    **expect: Any,
) -> Step:
    """Return a step whose experiment has a hypothesis and stops a web replica."""
    experiment = Experiment(
        path=f"experiments/{name}.yaml",
        title=name,
        document={},
        faults=(stop(),) if faults is None else tuple(faults),
        has_hypothesis=hypothesis,
    )
    return Step(name=name, experiment=experiment, expect=Expect(**expect))


def objective(name: str = "checkout-availability", **rest: Any) -> Slo:
    """Return an availability SLO of 99.9 % over 30 days."""
    settings: dict[str, Any] = {
        "service": "checkout",
        "objective": 0.999,
        "window": 30 * 86400.0,
        "bad": (Term(selector='requests_total{code=~"5.."}'),),
        "total": (Term(selector="requests_total"),),
        "format": "openslo",
    }
    return Slo(name=name, **{**settings, **rest})


def rule(name: str, **rest: Any) -> AlertRule:
    """Return an alert rule that pages."""
    settings: dict[str, Any] = {"group": "shop", "labels": {"severity": "page"}}
    return AlertRule(name=name, expr="up == 0", **{**settings, **rest})


def plan(
    *steps: Step,
    slos: Sequence[Slo] = (),
    load: float | None = None,
    guardrails: Sequence[Guardrail] = (),
    observe: Observe | None = None,
    instances: Sequence[Instance] | None = None,
    **monitoring: Any,
) -> Plan:
    """Return a plan over three web replicas; `load` in requests per second."""
    url = "http://127.0.0.1:8080/checkout"
    scenario = Scenario(
        name="checkout-survives-a-lost-replica",
        target=TargetRef(kind="docker", name="shop"),
        steps=steps or (step(),),
        observe=observe or everything(),
        slos=tuple(slos),
        load=None if load is None else Load(url=url, rate=load),
        guardrails=tuple(guardrails),
    )
    there = tuple(instances or (replica(1), replica(2), replica(3)))
    settings: dict[str, Any] = {"scrape_interval": 1.0, "evaluation_interval": 1.0}
    return Plan(
        scenario=scenario,
        steps=tuple(_planned(planned_step, there) for planned_step in scenario.steps),
        instances=there,
        monitoring=Monitoring(**{**settings, **monitoring}),
        provenance={"gameday": "0.1.0"},
    )


def everything(**without: Any) -> Observe:
    """Return the monitoring by Prometheus, Alertmanager and the pager."""
    settings: dict[str, Any] = {
        "prometheus": Endpoint(url="http://127.0.0.1:9090"),
        "alertmanager": Endpoint(url="http://127.0.0.1:9093"),
        "pages": Pages(listen="127.0.0.1:9099"),
    }
    return Observe(**{**settings, **without})


def _planned(step: Step, there: Sequence[Instance]) -> PlannedStep:
    faults = tuple(
        PlannedFault(
            request=request, victims=tuple(there[1:2]), found=3, duration=600.0
        )
        for request in step.experiment.faults
    )
    return PlannedStep(
        name=step.name, faults=faults, hold_at_most=60.0, aftermath_at_most=120.0
    )


# --- what happened ----------------------------------------------------------------


def fault(
    instance: str = "web-2",
    *,
    begins: float = at(10),
    ends: float | None = at(55),
    bites: bool | None = True,
    by: str = "rollback",
    ok: bool = True,
    step: str = STEP,
    kind: str = "process.stop",
    **more: Any,
) -> list[Any]:
    """Return a fault from its beginning to its confirmed end."""
    about = {"step": step, "id": f"{step}/{instance}", "instance": instance}
    service = instance.rpartition("-")[0]
    told = [
        event(begins, "fault_started", fault=kind, service=service, **about, **more)
    ]
    if bites is not None:
        why = "the process is gone" if bites else "the process still runs"
        told.append(
            event(begins + 0.2, "fault_biting", bites=bites, because=why, **about)
        )
    if ends is not None:
        why = "started again" if ok else "the engine refused"
        known = {"step": step, "id": about["id"]}  # as a run writes it: no instance
        told.append(event(ends, "fault_ended", ok=ok, by=by, because=why, **known))
    return told


def alert(
    name: str,
    *,
    pends: float | None = None,
    fires: float | None = None,
    resolves: float | None = None,
    exact: bool = True,
    error: float = 0.0,
    **labels: str,
) -> list[Any]:
    """Return one episode of an alert; labels default to severity=page."""
    about = {
        "alert": name,
        "labels": {"alertname": name, **(labels or {"severity": "page"})},
        "error": error,
    }
    told = []
    if pends is not None:
        told.append(event(pends, "alert_pending", **about))
    if fires is not None:
        told.append(event(fires, "alert_firing", **about))
    if resolves is not None:
        told.append(event(resolves, "alert_resolved", exact=exact, **about))
    return told


def page(
    receiver: str,
    when: float,
    *names: str,
    status: str = "firing",
    starts: float | None = None,
    ends: float | None = None,
    group_key: str = "",
    vendor: str = "webhook",
    **labels: str,
) -> list[Any]:
    """Return a notification about alerts of these names; none: a bare page."""
    known = labels or {"severity": "page"}
    alerts = [
        {
            "labels": {"alertname": name, **known},
            "status": status,
            "starts": starts,
            "ends": ends,
            "fingerprint": f"f-{name}",
        }
        for name in names
    ]
    return [
        event(
            when,
            "page",
            receiver=receiver,
            vendor=vendor,
            status=status,
            group_key=group_key,
            alerts=alerts,
            seq=1,
        )
    ]


def hypothesis(when: float, phase: str, ok: bool | None, step: str = STEP) -> list[Any]:
    """Return one look at the whole hypothesis."""
    why = {True: "all probes hold", False: "503 is not 200", None: "no answer"}[ok]
    return [event(when, "hypothesis", step=step, phase=phase, ok=ok, because=why)]


def blind(source: str, since: float, until: float | None = None) -> list[Any]:
    """Return a time through which an observer saw nothing."""
    told = [event(since, "blind", source=source, because="connection refused")]
    if until is not None:
        told.append(event(until, "sees", source=source))
    return told


def scrape(instance: str, job: str = "web", **states: float) -> list[Any]:
    """Return a target that is healthy at the gate; `down` and `up`: when it changes."""
    told = [event(at(2), "scrape", job=job, instance=instance, up=True, targets=5)]
    for state, when in states.items():
        up = state == "up"
        told.append(event(when, "scrape", job=job, instance=instance, up=up, targets=5))
    return told


def requests(
    slo: str = "checkout-availability",
    *,
    rate: float = 50.0,
    errors: Mapping[tuple[float, float], float] | None = None,
    until: float = END,
    instance: str = "lb:8405",
    born: bool = False,
) -> list[Any]:
    """Return raw samples each second; `errors`: per second, between two times.

    `born`: the counter of errors exists only once it counts something.
    """
    labels = {"job": "lb", "instance": instance}
    total: list[list[float]] = []
    bad: list[list[float]] = []
    count = 0.0
    for second in range(int(until) + 1):
        for (since, to), failing in (errors or {}).items():
            count += failing if since < second <= to else 0.0
        total.append([at(second), rate * second])
        if count or not born:
            bad.append([at(second), count])
    return [
        event(
            at(0), "sample", slo=slo, side=side, sign=1.0, series=series, values=values
        )
        for side, series, values in (
            ("total", labels, total),
            ("bad", {**labels, "code": "500"}, bad),
        )
        if values
    ]


def counter(
    *pairs: tuple[float, float],
    slo: str = "checkout-availability",
    side: str = "total",
    sign: float = 1.0,
    **labels: str,
) -> list[Any]:
    """Return one counter's samples, as (seconds into the story, value)."""
    series = {"job": "web", "instance": "web-2:8000", **labels}
    values = [[at(seconds), value] for seconds, value in pairs]
    return [
        event(
            at(0), "sample", slo=slo, side=side, sign=sign, series=series, values=values
        )
    ]


def every(
    interval: float,
    rate: float,
    *,
    since: float = 0.0,
    until: float = END,
    first: float = 0.0,
) -> list[tuple[float, float]]:
    """Return the samples of a counter that rises steadily, at its own scrapes."""
    scrapes = int((until - since) / interval + 1e-9) + 1
    times = [since + interval * number for number in range(scrapes)]
    return [(when, first + rate * (when - since)) for when in times]


def measured(source: str, when: float, offset: float, error: float = 0.001) -> Event:
    """Return one measurement of a source's clock against ours."""
    return event(when, "clock", source=source, offset=offset, error=error)


def traffic(
    rate: float = 50.0,
    *,
    failed: Mapping[tuple[float, float], float] | None = None,
    until: float = END,
    sent: float | None = None,
    late: float = 0.0,
    latencies: Sequence[Sequence[float]] = (),
) -> list[Any]:
    """Return what the load counted, second by second.

    `latencies`: of each second, ranges in seconds with their requests.
    """
    told = []
    for second in range(int(until)):
        bad = sum(
            count
            for (since, to), count in (failed or {}).items()
            if since <= second < to
        )
        told.append(
            event(
                at(second + 1),
                "load",
                since=at(second),
                until=at(second + 1),
                sent=rate if sent is None else sent,
                ok=(rate if sent is None else sent) - bad,
                failed=bad,
                late=late,
                in_flight=1,
                **({"latencies": latencies} if latencies else {}),
            )
        )
    return told


def looks(
    promql: str,
    *,
    false: Sequence[tuple[float, float]] = (),
    untold: Sequence[tuple[float, float]] = (),
    value: float = 14.0,
    until: float = END,
    **more: float,
) -> list[Any]:
    """Return a look a second at a promised expression, and that they were all made.

    `false`: from when to when it does not hold; `untold`: … it has no series.
    """
    told = []
    for second in range(int(until) + 1):
        ok: bool | None = not any(since <= second <= to for since, to in false)
        ok = None if any(since <= second <= to for since, to in untold) else ok
        told.append(
            event(
                at(second),
                "metric",
                promql=promql,
                ok=ok,
                value={True: 3.0, False: value, None: None}[ok],
                series={} if ok is None else {"queue": "orders"},
                because="Prometheus has no series of it" if ok is None else "",
                **more,
            )
        )
    return [*told, *watched("metrics", until=at(until))]


# --- the scenery ------------------------------------------------------------------


def fingerprints(before: str = "", after: str = "", count: int = 3) -> list[Any]:
    """Return that the target was looked at twice; or why it could not be."""
    told = event(at(1), "fingerprint", when="before", instances=count, because=before)
    again = event(
        at(END + 1), "fingerprint", when="after", instances=count, because=after
    )
    return [told, again]


def phases(
    step: str = STEP,
    *,
    gate: float = at(3),
    begins: float = at(10),
    ends: float = at(55),
    over: float = at(END),
) -> list[Any]:
    """Return the phases of a step and what its hypothesis said in each."""
    told = [
        event(when, "phase", phase=name, step=step)
        for when, name in (
            (gate, "gate"),
            (begins, "fault"),
            (begins + 0.5, "hold"),
            (ends - 0.5, "undo"),
            (ends, "aftermath"),
            (over, "settle"),
        )
    ]
    told += hypothesis(gate + 1, "before", True, step)
    for second in range(int(begins) + 1, int(ends)):
        told += hypothesis(float(second), "during", True, step)
    told += hypothesis(over - 1, "after", True, step)
    return told


def watched(
    *sources: str, since: float = at(0), until: float = at(END + 2)
) -> list[Any]:
    """Return that these observers, by default all, answered all through a time."""
    told = [
        event(until, "observed", source=source, since=since, until=until)
        for source in sources or SOURCES
    ]
    if not sources or "prometheus" in sources:
        told.append(evaluated(until))
    return told


def evaluated(until: float, group: str = "shop") -> Event:
    """Return that the rules of a group were evaluated up to here."""
    return event(
        until, "evaluations", group=group, file="rules.yaml", interval=1.0, last=until
    )


def timeline(
    *parts: Part,
    scenery: Part | None = None,
    monitoring: Part | None = None,
    ended: float | None = at(END + 2),
) -> Timeline:
    """Return a timeline; `ended` None: its record was cut off."""
    told = [
        event(at(0), "run_started", run="r-1"),
        *fingerprints(),
        *(phases() if scenery is None else scenery),
    ]
    told += watched() if monitoring is None else monitoring
    for part in parts:
        told += part
    if ended is not None:
        about = {"ending": "finished", "because": "", "broken": []}
        told.append(event(ended, "run_ended", run="r-1", **about))
    return Timeline(told)


def without(story: Timeline, *kinds: str, **fields: Any) -> Timeline:
    """Return the timeline without events of these kinds (that have these fields)."""
    return Timeline(
        entry
        for entry in story
        if entry.kind not in kinds
        or any(entry.fields.get(name) != value for name, value in fields.items())
    )


def cut(story: Timeline, when: float) -> Timeline:
    """Return the timeline as far as it was written when everything stopped."""
    return Timeline(entry for entry in story if entry.at <= when)


# --- the verdict ------------------------------------------------------------------


def judged(
    plan: Plan,
    story: Timeline,
    *,
    ending: Ending = Ending.FINISHED,
    because: str = "",
    broken: Sequence[str] = (),
) -> Verdict:
    """Return the verdict on a story."""
    return judge(
        plan,
        story,
        run="r-1",
        ending=ending,
        because=because,
        started=at(0),
        ended=at(END + 2),
        broken=broken,
    )


def equals(name: str, value: str) -> Matcher:
    """Return a matcher of one label's value."""
    return Matcher(name=name, op="=", value=value)


def answer(verdict: Verdict, question: str, subject: str = "") -> Finding:
    """Return the one finding to a question (about a subject)."""
    findings = [
        finding
        for finding in verdict.findings
        if finding.question == question and subject in ("", finding.subject)
    ]
    assert len(findings) == 1, [
        (finding.question, finding.subject) for finding in verdict.findings
    ]
    return findings[0]


def with_rules(planned: Plan, *rules: AlertRule) -> Plan:
    """Return the plan with these rules loaded in Prometheus."""
    return replace(planned, monitoring=replace(planned.monitoring, rules=rules))
