"""Which alert a page speaks of: exact first, near only where nothing is nearer."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.pages.matching import Matching, Sighting
from gameday.checks.record.clocks import Clocks
from gameday.checks.record.episodes import read_episodes
from gameday.model.events import Event, event
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    plan,
    promise,
    step,
    timeline,
)

NAME = "HighErrors"
PROMISE = promise(
    NAME,
    fires_within=30.0,
    reaches="oncall",
    pages_within=45.0,
    page_resolves_within=60.0,
)
PLAN = plan(step(alerts=(PROMISE,)))
FIRED = alert(NAME, fires=at(22), resolves=at(60))
SIBLING = alert(NAME, fires=at(22), resolves=at(60), severity="warning")

Labels = dict[str, str]


def told(
    starts: float | None = 22,
    status: str = "firing",
    ends: float | None = None,
    **labels: str,
) -> dict[str, Any]:
    """Return one entry of a page; its labels are severity=page by default."""
    return {
        "labels": {"alertname": NAME, **(labels or {"severity": "page"})},
        "status": status,
        "starts": None if starts is None else at(starts),
        "ends": None if ends is None else at(ends),
        "fingerprint": "",
    }


def notice(
    when: float, *entries: dict[str, Any], receiver: str = "oncall", **more: Any
) -> list[Event]:
    """Return a page with these entries."""
    over = all(entry["status"] == "resolved" for entry in entries)
    fields = {
        "vendor": "webhook",
        "status": "resolved" if over else "firing",
        "group_key": "",
        **more,
    }
    return [
        event(
            at(when), "page", receiver=receiver, alerts=list(entries), seq=1, **fields
        )
    ]


def matched(
    alerts: Sequence[list[Event]], sightings: Sequence[Sighting], asked: Sighting
) -> tuple[set[str], bool]:
    """Return the severities of the alerts that labels may be, and whether surely."""
    story = Timeline(entry for part in alerts for entry in part)
    matching = Matching(read_episodes(story, Clocks({})), sightings)
    match = matching.match(asked.labels, asked.starts)
    return {identity.labels["severity"] for identity in match.identities}, match.sure


def seen(starts: float | None, **labels: str) -> Sighting:
    return Sighting(
        {"alertname": NAME, **labels}, None if starts is None else at(starts)
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (seen(22, severity="page"), ({"page"}, True)),
        (seen(None, severity="page"), ({"page"}, True)),
        (seen(28, severity="page"), ({"page"}, True)),
        (seen(22, severity="page", cluster="eu"), ({"page"}, True)),
        (seen(None, severity="page", cluster="eu"), ({"page"}, True)),
        (seen(22, severity="critical"), ({"page", "warning"}, False)),
        (seen(22), ({"page", "warning"}, False)),
        (seen(None, severity="critical"), (set(), False)),
        (seen(28, severity="critical"), (set(), False)),
    ],
)
def test_two_alerts_of_one_name(
    asked: Sighting, expected: tuple[set[str], bool]
) -> None:
    assert matched([FIRED, SIBLING], [asked], asked) == expected


def test_what_is_told_exactly_is_not_told_by_other_labels_as_well() -> None:
    exact, odd = seen(22, severity="warning"), seen(22, severity="info")
    assert matched([FIRED, SIBLING], [odd, exact], odd) == ({"page"}, False)
    assert matched([SIBLING], [odd, exact], odd) == (set(), False)
    more = seen(22, severity="warning", cluster="eu")
    assert matched([SIBLING], [more, exact], more) == (set(), False)


def test_the_start_alone_tells_where_only_one_alert_has_it() -> None:
    later = alert(NAME, fires=at(23), severity="warning")
    asked = seen(22, severity="critical")
    assert matched([FIRED, later], [asked], asked) == ({"page"}, True)


def test_what_was_dropped_leaves_the_nearest() -> None:
    wide = alert(NAME, fires=at(22), severity="page", zone="a", rack="1")
    asked = seen(None, severity="page", zone="a")
    exact = seen(22, severity="page")
    assert matched([FIRED, wide], [asked, exact], asked) == ({"page"}, True)
    assert matched([FIRED, wide], [asked], asked) == ({"page"}, False)


# --- stories ---


def outcomes(*parts: list[Event], planned: object = PLAN) -> str:
    verdict = judged(planned, timeline(fault(), *parts))  # type: ignore[arg-type]
    names = ("reaches", "pages_within", "page_resolves_within")
    return " ".join(answer(verdict, name).outcome for name in names)


def test_the_page_of_a_sibling_is_none() -> None:
    sibling = notice(25, told(severity="warning"))
    over = notice(65, told(status="resolved", ends=60, severity="warning"))
    assert outcomes(FIRED, SIBLING, sibling, over) == "fail fail inconclusive"
    ours = notice(26, told())
    assert outcomes(FIRED, SIBLING, sibling, ours, over) == "pass pass fail"


def test_a_page_that_may_be_a_siblings_leaves_it_open() -> None:
    odd = notice(25, told(severity="critical"))
    assert outcomes(FIRED, SIBLING, odd).startswith("inconclusive inconclusive")
    assert outcomes(FIRED, odd).startswith("pass pass")


def test_a_page_of_an_older_life_is_none() -> None:
    before = alert(NAME, fires=at(2), resolves=at(6))
    for starts in (2, None):
        late = notice(12, told(starts))
        assert outcomes(before, FIRED, late).startswith("fail fail")
    assert outcomes(before, FIRED, notice(25, told(None))).startswith("pass pass")


def test_a_repeat_of_what_was_told_before_the_fault_is_none() -> None:
    early, again = notice(5, told(None)), notice(15, told(None))
    assert outcomes(FIRED, early, again).startswith("fail fail")


def test_the_twin_of_a_pair_told_of_it_first() -> None:
    late = alert(NAME, fires=at(34), resolves=at(70))
    first = notice(23, told(22))
    over = notice(75, told(22, "resolved", 70))
    assert outcomes(late, first, over) == "pass pass pass"
    labels = {"severity": "page", "replica": "b"}
    first = notice(23, told(22, "firing", None, **labels))
    over = notice(75, told(22, "resolved", 70, **labels))
    assert outcomes(late, first, over) == "pass pass pass"


def test_what_the_twin_told_of_before_the_fault_is_told_nobody_anew() -> None:
    late = alert(NAME, fires=at(34), resolves=at(70))
    open_ = "inconclusive inconclusive"
    assert outcomes(late, notice(23, told(4))).startswith(open_)
    assert outcomes(late, notice(5, told(4))).startswith(open_)
    over = notice(8, told(4, "resolved", 7))
    assert outcomes(late, notice(5, told(4)), over).startswith("fail fail")
    assert outcomes(late, notice(23, told(4, severity="ticket"))).startswith("fail")


def test_an_alert_that_is_evaluated_elsewhere_is_answered_by_its_page() -> None:
    first = notice(25, told(22))
    over = notice(65, told(22, "resolved", 60))
    assert outcomes(first, over) == "pass pass pass"
    finding = answer(judged(PLAN, timeline(fault(), first)), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.evidence["page"]["starts"] == "2026-01-01T00:00:22.000Z"
    before = outcomes(notice(25, told(4)))
    assert before.startswith("inconclusive inconclusive")
    finding = answer(
        judged(PLAN, timeline(fault(), notice(25, told(4)))), "fires_within"
    )
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "had been firing elsewhere since" in finding.because
    assert outcomes(notice(25, told(severity="ticket"))).startswith("fail fail")
    assert outcomes(notice(25, told(), receiver="chat")).startswith("fail fail")


def test_a_flap_is_told_of_as_it_is() -> None:
    lives = [
        *alert(NAME, fires=at(22), resolves=at(30)),
        *alert(NAME, fires=at(40), resolves=at(60)),
    ]
    first, over = notice(25, told(22)), notice(65, told(40, "resolved", 60))
    assert outcomes(lives, first, over) == "pass pass pass"
    between = notice(35, told(22, "resolved", 30))
    again = notice(45, told(40))
    assert outcomes(lives, first, between, again) == "pass pass fail"
    assert outcomes(lives, first, between, again, over) == "pass pass pass"


# --- several integrations ---


def test_every_integration_that_was_paged_has_to_hear_the_end() -> None:
    first = notice(25, told()) + notice(25.1, told(), vendor="pagerduty")
    over = notice(65, told(status="resolved", ends=60))
    assert outcomes(FIRED, first, over) == "pass pass fail"
    late = notice(70, told(status="resolved", ends=60), vendor="pagerduty")
    finding = answer(
        judged(PLAN, timeline(fault(), FIRED, first, over, late)),
        "page_resolves_within",
    )
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 15.0)


def test_slack_tells_no_end_unless_it_did_once() -> None:
    first = notice(25, told()) + notice(25, told(), vendor="slack")
    over = notice(65, told(status="resolved", ends=60))
    assert outcomes(FIRED, first, over) == "pass pass pass"
    assert outcomes(FIRED, notice(25, told(), vendor="slack")) == "pass pass fail"


# --- victims ---

TWO = plan(step(alerts=(PROMISE,)))
BOTH = [*fault("web-2"), *fault("web-3")]


def of_instances(*numbers: int, name: str = NAME) -> list[list[Event]]:
    return [
        alert(name, fires=at(20 + n), severity="page", instance=f"172.18.0.{n + 1}:80")
        for n in numbers
    ]


def verdicts(*parts: list[Event], victims: str = "each") -> list[Finding]:
    asked = promise(
        NAME, fires_within=30.0, reaches="oncall", pages_within=45.0, victims=victims
    )
    verdict = judged(plan(step(alerts=(asked,))), timeline(*parts))
    names = ("fires_within", "reaches", "pages_within")
    return [answer(verdict, name) for name in names]


def paged(*numbers: int, status: str = "firing") -> list[Event]:
    return notice(
        30,
        *(
            told(20 + n, status, severity="page", instance=f"172.18.0.{n + 1}:80")
            for n in numbers
        ),
    )


def test_a_page_that_did_not_arrive_is_named_with_its_victim() -> None:
    asked = promise(NAME, reaches="oncall", page_resolves_within=60.0)
    parts = [BOTH, *of_instances(2, 3), paged(2)]
    verdict = judged(plan(step(alerts=(asked,))), timeline(*parts))
    for question in ("reaches", "page_resolves_within"):
        because = answer(verdict, question).because
        assert f"page of {NAME} arrived at oncall for web-3" in because


@pytest.mark.parametrize(
    ("fired", "told_of", "victims", "expected"),
    [
        ((2, 3), (2, 3), "each", "pass pass pass"),
        ((2, 3), (2,), "each", "pass fail fail"),
        ((2, 3), (2,), "any", "pass pass pass"),
        ((2,), (2,), "each", "fail fail fail"),
        ((2,), (2,), "any", "pass pass pass"),
        ((1,), (1,), "any", "fail fail fail"),
        ((1, 2, 3), (1,), "each", "pass fail fail"),
    ],
)
def test_each_victim_rings_unless_any_will_do(
    fired: tuple[int, ...], told_of: tuple[int, ...], victims: str, expected: str
) -> None:
    parts = [BOTH, *of_instances(*fired), paged(*told_of)]
    findings = verdicts(*parts, victims=victims)
    assert " ".join(finding.outcome for finding in findings) == expected


def test_the_last_victim_decides_when() -> None:
    pages = [*notice(25, told(22, severity="page", instance="172.18.0.3:80"))]
    pages += notice(31, told(23, severity="page", instance="172.18.0.4:80"))
    findings = verdicts(BOTH, *of_instances(2, 3), pages)
    assert [finding.measured for finding in findings] == [13.0, None, 21.0]


def test_an_alert_that_does_not_tell_instances_apart_rings_once() -> None:
    findings = verdicts(BOTH, FIRED, notice(30, told()))
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


def test_a_promise_may_itself_say_for_which_instance() -> None:
    labels = {"instance": "172.18.0.4:80"}
    asked = promise(NAME, fires_within=30.0, labels=labels)
    verdict = judged(plan(step(alerts=(asked,))), timeline(BOTH, *of_instances(3)))
    assert answer(verdict, "fires_within").outcome is Outcome.PASS


def test_what_fired_before_for_a_spared_instance_spoils_nothing() -> None:
    early = alert(NAME, fires=at(4), severity="page", instance="172.18.0.2:80")
    findings = verdicts(fault("web-2"), early, *of_instances(2), paged(2))
    assert {finding.outcome for finding in findings} == {Outcome.PASS}


# --- order ---

INSTANCES = ("172.18.0.2:80", "172.18.0.3:80", "172.18.0.4:80")
MOMENTS = st.sampled_from([12.0, 22.0, 25.0, 25.0, 31.0, 61.0, 65.0])
ENTRIES = st.builds(
    told,
    st.sampled_from([22.0, 23.0, 4.0, None]),
    st.sampled_from(["firing", "resolved"]),
    st.none(),
    severity=st.sampled_from(["page", "warning", "critical"]),
    instance=st.sampled_from(INSTANCES),
)
PAGES = st.lists(
    st.builds(
        lambda when, entries, receiver, vendor: notice(
            when, *entries, receiver=receiver, vendor=vendor
        ),
        MOMENTS,
        st.lists(ENTRIES, max_size=3),
        st.sampled_from(["oncall", "chat"]),
        st.sampled_from(["webhook", "pagerduty", "slack"]),
    ),
    max_size=4,
)
ALERTS = st.lists(
    st.builds(
        lambda fires, severity, instance: alert(
            NAME, fires=at(fires), resolves=at(60), severity=severity, instance=instance
        ),
        st.sampled_from([22.0, 23.0]),
        st.sampled_from(["page", "warning"]),
        st.sampled_from(INSTANCES),
    ),
    max_size=3,
    unique_by=lambda told: tuple(sorted(told[0].labels.items())),
)


def shuffled(parts: list[list[Any]], chance: random.Random) -> list[list[Event]]:
    """Return the same pages in another order, each with its entries in another."""
    again = []
    for part in parts:
        entries = list(part[0].alerts)
        chance.shuffle(entries)
        again.append(
            [event(part[0].at, "page", **{**part[0].fields, "alerts": entries})]
        )
    chance.shuffle(again)
    return again


@settings(max_examples=150, deadline=None)
@given(alerts=ALERTS, pages=PAGES, chance=st.randoms(use_true_random=False))
def test_the_order_of_pages_and_entries_never_matters(
    alerts: list[list[Event]], pages: list[list[Event]], chance: random.Random
) -> None:
    first = judged(PLAN, timeline(BOTH, *alerts, *pages)).findings
    mixed = list(alerts)
    chance.shuffle(mixed)
    again = judged(PLAN, timeline(BOTH, *mixed, *shuffled(pages, chance))).findings
    asked = ("check", "question", "subject", "outcome", "measured", "because")
    assert [[getattr(finding, name) for name in asked] for finding in first] == [
        [getattr(finding, name) for name in asked] for finding in again
    ]
    assert not [finding.because for finding in first if "crashed" in finding.because]


@pytest.mark.parametrize("turned", [False, True])
def test_what_happens_in_one_moment_has_one_order(turned: bool) -> None:
    lives = [
        *alert(NAME, pends=at(22), fires=at(22), resolves=at(30)),
        *alert(NAME, pends=at(30), fires=at(30), resolves=at(60)),
    ]
    parts = lives[::-1] if turned else lives
    finding = answer(judged(PLAN, timeline(fault(), parts)), "stays_firing")
    episodes = read_episodes(Timeline(parts), Clocks({}))
    assert [(episode.firing, episode.resolved) for episode in episodes] == [
        (at(22), at(30)),
        (at(30), at(60)),
    ]
    assert "crashed" not in finding.because
