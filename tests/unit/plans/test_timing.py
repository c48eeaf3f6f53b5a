"""When a promise can come true, by the rules' own arithmetic."""

from dataclasses import replace

import pytest

from gameday.model.alerting.alert import (
    AlertRule,
    Integration,
    Matcher,
    Receiver,
    Route,
    Routing,
)
from gameday.model.experiment import Experiment
from gameday.model.plan import Monitoring, Timing
from gameday.model.scenario import (
    AlertPromise,
    Expect,
    Observe,
    Pages,
    Scenario,
    Step,
)
from gameday.model.target import TargetRef
from gameday.plans.timing import timings

RULE = AlertRule(
    name="Down", expr="up == 0", hold=30, interval=15, labels={"severity": "page"}
)
ROUTING = Routing(
    route=Route(
        receiver="team",
        routes=(
            Route(
                receiver="oncall",
                matchers=(Matcher(name="severity", op="=", value="page"),),
                group_wait=10,
                group_interval=60,
            ),
        ),
    ),
    receivers=(
        Receiver(name="team", integrations=(Integration(kind="webhook"),)),
        Receiver(
            name="oncall",
            integrations=(Integration(kind="slack", send_resolved=False),),
        ),
    ),
)
MONITORING = Monitoring(
    rules=(RULE,),
    routing=ROUTING,
    scrape_interval=15,
    scrape_timeout=10,
    evaluation_interval=15,
)


def lint(
    promise: AlertPromise,
    monitoring: Monitoring = MONITORING,
    observe: Observe | None = None,
) -> dict[str, Timing]:
    step = Step(
        name="s",
        experiment=Experiment(path="e.yaml", title="t", document={}),
        expect=Expect(alerts=(promise,)),
    )
    scenario = Scenario(
        name="x",
        target=TargetRef(kind="docker", name="shop"),
        steps=(step,),
        observe=observe or Observe(),
    )
    return {timing.question: timing for timing in timings(scenario, monitoring)}


def test_fires_between_for_and_for_plus_every_interval() -> None:
    """Earliest: `for`; latest: scrape + timeout + evaluation + `for`."""
    answer = lint(AlertPromise(alert="Down", fires_within=80))["fires_within"]
    assert (answer.earliest, answer.latest, answer.state) == (30, 70, "ok")


def test_for_is_rounded_up_to_evaluations() -> None:
    """`for: 31s` at 15 s evaluations is 45 s."""
    monitoring = replace(MONITORING, rules=(replace(RULE, hold=31),))
    answer = lint(AlertPromise(alert="Down", fires_within=45), monitoring)[
        "fires_within"
    ]
    assert (answer.earliest, answer.state) == (45, "not_guaranteed")


def test_a_promise_below_the_earliest_time_cannot_be_kept() -> None:
    answer = lint(AlertPromise(alert="Down", fires_within=29))["fires_within"]
    assert answer.state == "cannot_be_kept"


def test_query_offset_delays_everything() -> None:
    monitoring = replace(MONITORING, rules=(replace(RULE, query_offset=10),))
    answer = lint(AlertPromise(alert="Down", fires_within=39), monitoring)[
        "fires_within"
    ]
    assert (answer.earliest, answer.latest) == (40, 80)


def test_of_several_receivers_that_are_promised_the_slowest_decides() -> None:
    """The chat is told after five minutes, however soon oncall is."""
    (oncall,) = ROUTING.route.routes
    chat = replace(oncall, receiver="chat", group_wait=300, goes_on=True)
    routes = replace(ROUTING.route, routes=(chat, oncall))
    monitoring = replace(MONITORING, routing=replace(ROUTING, route=routes))
    both = AlertPromise(alert="Down", pages_within=130, reaches=("oncall", "chat"))
    answer = lint(both, monitoring)["pages_within"]
    assert (answer.earliest, answer.state) == (330, "cannot_be_kept")
    alone = replace(both, reaches=("oncall",))
    assert lint(alone, monitoring)["pages_within"].earliest == 40


def test_a_page_waits_for_the_group() -> None:
    """group_wait at the earliest, group_interval of a live group at the latest."""
    promise = AlertPromise(alert="Down", pages_within=130, reaches=("oncall",))
    answer = lint(promise)["pages_within"]
    assert (answer.earliest, answer.latest, answer.state) == (40, 130, "ok")


def test_resets_do_not_wait_for_for() -> None:
    answer = lint(AlertPromise(alert="Down", resets_within=39))["resets_within"]
    assert (answer.earliest, answer.latest, answer.state) == (0, 40, "not_guaranteed")


def test_keep_firing_for_delays_the_reset() -> None:
    monitoring = replace(MONITORING, rules=(replace(RULE, keep_firing=20),))
    answer = lint(AlertPromise(alert="Down", resets_within=29), monitoring)[
        "resets_within"
    ]
    assert (answer.earliest, answer.state) == (30, "cannot_be_kept")


def test_a_receiver_that_tells_no_end_cannot_keep_page_resolves_within() -> None:
    promise = AlertPromise(alert="Down", reaches=("oncall",), page_resolves_within=600)
    answer = lint(promise)["page_resolves_within"]
    assert answer.state == "cannot_be_kept"
    assert "send_resolved" in answer.because


def test_what_the_pager_cannot_receive_is_said() -> None:
    mail = Receiver(name="oncall", integrations=(Integration(kind="email"),))
    monitoring = replace(MONITORING, routing=replace(ROUTING, receivers=(mail,)))
    promise = AlertPromise(alert="Down", reaches=("oncall",), pages_within=130)
    paged = Observe(pages=Pages(listen="127.0.0.1:9099"))
    for answer in lint(promise, monitoring, paged).values():
        assert answer.state == "not_guaranteed"
        assert "'oncall' is told by email, which the pager cannot" in answer.because
    assert lint(promise, monitoring)["reaches"].state == "ok"  # the routes will answer


def test_unknown_intervals_are_not_checked() -> None:
    monitoring = replace(MONITORING, scrape_interval=None)
    answer = lint(AlertPromise(alert="Down", fires_within=1), monitoring)[
        "fires_within"
    ]
    assert answer.state == "not_checked"


def test_rules_that_could_not_be_read_are_not_checked() -> None:
    answer = lint(AlertPromise(alert="Down", fires_within=1), Monitoring())[
        "fires_within"
    ]
    assert answer.state == "not_checked"


@pytest.mark.parametrize("labels", [{"severity": "ticket"}, {}])
def test_a_rule_that_does_not_exist_cannot_fire(labels: dict[str, str]) -> None:
    name = "Down" if labels else "Up"
    promise = AlertPromise(alert=name, labels=labels, fires_within=100)
    assert lint(promise)["fires_within"].state == "cannot_be_kept"


def test_several_rules_of_one_name_span_all_of_them() -> None:
    monitoring = replace(MONITORING, rules=(RULE, replace(RULE, hold=60)))
    answer = lint(AlertPromise(alert="Down", fires_within=200), monitoring)[
        "fires_within"
    ]
    assert (answer.earliest, answer.latest) == (30, 100)
    assert "2 rules" in answer.because


def test_a_route_that_leads_elsewhere_is_warned_about() -> None:
    promise = AlertPromise(alert="Down", labels={"severity": "page"}, reaches=("team",))
    answer = lint(promise)["reaches"]
    assert answer.state == "cannot_be_kept"
    assert "oncall" in answer.because


def test_a_range_in_the_expression_is_said() -> None:
    monitoring = replace(MONITORING, rules=(replace(RULE, expr="rate(x[5m]) > 1"),))
    answer = lint(AlertPromise(alert="Down", fires_within=80), monitoring)[
        "fires_within"
    ]
    assert "5m" in answer.because
