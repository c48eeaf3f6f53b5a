"""What register tests share: one run as it was held, and today's rules and routes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gameday.coverage.definition import Language, RuleDefinition, define
from gameday.coverage.past import Drill, Past
from gameday.coverage.proof_state import ProofState
from gameday.coverage.register import Register, RegisterRequest, register
from gameday.files.promql.promql import metrics
from gameday.files.promql.promql_canonical import canonical
from gameday.model.alerting.alert import (
    AlertRule,
    Integration,
    Matcher,
    Receiver,
    RecordingRule,
    Route,
    Routing,
)
from gameday.model.events import AlertFiring, FaultStarted, Page
from gameday.model.plan import Plan
from gameday.model.target import Instance
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending
from tests.builders import (
    Part,
    alert,
    at,
    fault,
    judged,
    page,
    plan,
    promise,
    rule,
    step,
    timeline,
)

DAY = 86400.0
NAME = "WebReplicaDown"
LANGUAGE = Language(spell=canonical, metrics=metrics)
ONCALL = Route(
    receiver="oncall",
    matchers=(Matcher(name="severity", op="=", value="page"),),
    group_wait=0.0,
)
ROUTING = Routing(
    route=Route(receiver="team", routes=(ONCALL,)),
    receivers=(
        Receiver(name="oncall", integrations=(Integration(kind="pagerduty"),)),
        Receiver(name="team", integrations=(Integration(kind="webhook"),)),
    ),
)
HEARD = (AlertFiring, FaultStarted, Page)


def asked(rules: Sequence[AlertRule], **rest: Any) -> Plan:
    """Return a plan that promises WebReplicaDown at oncall."""
    kept = promise(NAME, fires_within=30.0, reaches="oncall", pages_within=45.0)
    known = {"rules": tuple(rules), "routing": ROUTING}
    return plan(step(alerts=(rest.pop("promised", kept),)), **{**known, **rest})


def story(*more: Part) -> Timeline:
    """Return a run in which the alert fired in time and its page arrived."""
    return timeline(
        fault("web-2", begins=at(10), ends=at(55)),
        alert(NAME, fires=at(22), resolves=at(60)),
        page("oncall", at(25), NAME),
        *more,
    )


def past(
    of: Plan | None = None,
    told: Timeline | None = None,
    *,
    run: str = "r1",
    later: float = 0.0,
    ending: Ending = Ending.FINISHED,
) -> Past:
    """Return a run as the register reads it; `later`: seconds after the first one."""
    asks = of or asked([rule(NAME)])
    seen = told or story()
    verdict = judged(asks, seen, ending=ending)
    verdict = replace(
        verdict, run=run, started=verdict.started + later, ended=verdict.ended + later
    )
    return Past(plan=asks, verdict=verdict, heard=tuple(seen.of(*HEARD)))


def defined(
    *rules: AlertRule, recorded: Sequence[RecordingRule] = ()
) -> tuple[RuleDefinition, ...]:
    """Return the definitions of rules."""
    return define(rules, recorded, LANGUAGE)


def found(
    *pasts: Past,
    rules: tuple[RuleDefinition, ...] | None = None,
    routing: Routing | None = ROUTING,
    base: tuple[RuleDefinition, ...] | None = None,
    drills: Sequence[Drill] = (),
    after: float = DAY,
) -> Register:
    """Return the register, asked a day after the story began."""
    today = RegisterRequest(
        now=at(after),
        max_age=30 * DAY,
        rules=defined(rule(NAME)) if rules is None else rules,
        routing=routing,
        base=base,
    )
    return register(today, pasts, drills, LANGUAGE)


def the(standings: Sequence[ProofState], name: str = NAME) -> ProofState:
    """Return what is known of one of them."""
    return next(standing for standing in standings if standing.name == name)


def image(digest: str, label: str = "com.docker.compose.image") -> Instance:
    """Return a web replica that runs an image; `label`: where its record says so."""
    return Instance(
        service="web",
        name="web-2",
        identity={"id": "web-2"},
        labels={label: digest},
        addresses=("172.18.0.3",),
    )
