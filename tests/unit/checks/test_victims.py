"""Whose alert it is where a fault hits nodes: what the target knows of them decides."""

from collections.abc import Iterator

import pytest

from gameday.model.alerting.standing import Standing, StandingAlert
from gameday.model.events import Event
from gameday.model.plan import Plan
from gameday.model.verdict import Outcome
from gameday.plans.spoiled import Before, spoiled
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    plan,
    promise,
    replica,
    step,
    stop,
    timeline,
)

NAME = "NodeNotSchedulable"
WHERE = {1: "worker-a", 2: "worker-b", 3: "worker-c"}
PODS = [
    replica(
        number,
        labels={
            "pod": f"web-x{number}",
            "node": node,
            "node_address": f"10.9.0.{number}",
        },
    )
    for number, node in WHERE.items()
]
PROMISE = promise(NAME, fires_within=30.0)


def planned(kind: str = "kubernetes.cordon", victims: str = "each") -> Plan:
    asked = promise(NAME, fires_within=30.0, victims=victims)
    return plan(step(faults=[stop(kind=kind)], alerts=(asked,)), instances=PODS)


def rang(*nodes: str, label: str = "node") -> list[Event]:
    return [
        entry
        for node in nodes
        for entry in alert(
            NAME,
            fires=at(22),
            resolves=at(60),
            **{"severity": "page", label: node},  # type: ignore[arg-type]
        )
    ]


def hit(*numbers: int, kind: str = "kubernetes.cordon") -> Iterator[Event]:
    for number in numbers:
        yield from fault(f"web-{number}", kind=kind)


def outcomes(*parts: list[Event], made: Plan | None = None) -> tuple[str, str]:
    verdict = judged(made or planned(), timeline(*parts))
    names = ("fires_within", "no_other_alerts")
    first, second = (answer(verdict, name).outcome.value for name in names)
    return first, second


@pytest.mark.parametrize("label", ["node", "kubernetes_node", "instance", "host"])
@pytest.mark.parametrize("form", ["{}", "{}:9100", "http://{}:9100/metrics"])
def test_an_alert_about_the_node_that_was_hit_counts(label: str, form: str) -> None:
    fired = rang(form.format("worker-b"), label=label)
    assert outcomes([*hit(2)], fired) == ("pass", "pass")


@pytest.mark.parametrize("label", ["node", "kubernetes_node", "instance"])
def test_an_alert_about_another_node_is_another_alert(label: str) -> None:
    assert outcomes([*hit(2)], rang("worker-c", label=label)) == ("fail", "fail")


def test_an_exporter_on_a_node_is_known_by_the_nodes_address() -> None:
    assert outcomes([*hit(2)], rang("10.9.0.2:9100", label="instance")) == (
        "pass",
        "pass",
    )
    assert outcomes([*hit(2)], rang("10.9.0.3:9100", label="instance")) == (
        "fail",
        "fail",
    )


def test_a_node_that_the_target_does_not_know_says_nothing_of_whom() -> None:
    assert outcomes([*hit(2)], rang("worker")) == ("pass", "pass")


def test_of_several_nodes_each_has_to_ring() -> None:
    both = [*hit(1, 2)]
    assert outcomes(both, rang("worker-a", "worker-b")) == ("pass", "pass")
    assert outcomes(both, rang("worker-a"))[0] == "fail"
    assert outcomes(both, rang("worker-a"), made=planned(victims="any"))[0] == "pass"


def test_two_victims_on_one_node_are_one_node() -> None:
    pods = [
        replica(number, labels={"pod": f"web-x{number}", "node": "worker-a"})
        for number in WHERE
    ]
    made = plan(
        step(faults=[stop(kind="kubernetes.drain")], alerts=(PROMISE,)), instances=pods
    )
    told = [*hit(1, 2, 3, kind="kubernetes.drain")]
    assert outcomes(told, rang("worker-a"), made=made) == ("pass", "pass")


def test_a_fault_of_a_pod_hits_no_node() -> None:
    made = planned("process.stop")
    told = [*hit(2, kind="process.stop")]
    assert outcomes(told, rang("worker-c"), made=made) == ("pass", "pass")


@pytest.mark.parametrize(
    ("kind", "node", "is_spoiled"),
    [
        ("kubernetes.cordon", "worker-b", True),
        ("kubernetes.cordon", "worker-c", False),  # another node's
        ("process.stop", "worker-c", True),
    ],
)
def test_what_rings_for_another_node_spoils_nothing(
    kind: str, node: str, is_spoiled: bool
) -> None:
    made = planned(kind)
    labels = {"alertname": NAME, "severity": "page", "node": node}
    before = Before(
        standing=Standing(alerts=(StandingAlert(labels=labels, state="firing"),)),
        monitoring=made.monitoring,
        planned=made.steps[0],
        instances=made.instances,
    )
    assert bool(spoiled(made.scenario.steps[0], before)) is is_spoiled
    verdict = judged(
        made,
        timeline(
            [*hit(2, kind=kind)],
            alert(NAME, fires=at(1), severity="page", node=node),
            rang("worker-b"),
        ),
    )
    outcome = answer(verdict, "fires_within").outcome
    assert (outcome is Outcome.INCONCLUSIVE) is is_spoiled
