"""Pages: the right receiver, in time, and told when it is over."""

import hashlib

import pytest

from gameday.model.alerting.alert import Integration, Matcher, Receiver, Route, Routing
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.verdict import Ending, Finding, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    cut,
    everything,
    fault,
    judged,
    page,
    phases,
    plan,
    promise,
    step,
    timeline,
    watched,
)

NAME = "WebReplicaDown"
PROMISE = promise(
    NAME,
    fires_within=30.0,
    reaches="oncall",
    pages_within=45.0,
    page_resolves_within=90.0,
)
PLAN = plan(step(alerts=(PROMISE,)))
FIRED = alert(NAME, fires=at(22), resolves=at(60))
PAGED = page("oncall", at(25), NAME, starts=at(22))
RESOLVED = page("oncall", at(63), NAME, status="resolved", ends=at(60))
KEY = '{}/{severity="page"}:{alertname="WebReplicaDown"}'


def three(*parts: list[Event], planned: object = PLAN) -> list[Finding]:
    verdict = judged(planned, timeline(fault(), *parts))  # type: ignore[arg-type]
    names = ("reaches", "pages_within", "page_resolves_within")
    return [answer(verdict, name) for name in names]


def outcomes(findings: list[Finding]) -> str:
    return " ".join(finding.outcome for finding in findings)


def test_a_page_that_arrives_and_resolves() -> None:
    findings = three(FIRED, PAGED, RESOLVED)
    assert outcomes(findings) == "pass pass pass"
    assert [finding.measured for finding in findings] == [None, 15.0, 8.0]
    assert findings[0].evidence["page"]["received"] == "2026-01-01T00:00:25.000Z"


def test_a_page_that_comes_too_late_reached_all_the_same() -> None:
    findings = three(
        FIRED,
        page("oncall", at(56), NAME),
        page("oncall", at(149), NAME, status="resolved"),
    )
    assert outcomes(findings) == "pass fail fail"
    assert [finding.measured for finding in findings] == [None, 46.0, 94.0]


def test_a_late_page_may_be_the_outages_fault() -> None:
    late = [
        *page("oncall", at(56), NAME),
        *page("oncall", at(149), NAME, status="resolved"),
    ]
    dark = [*blind("alertmanager", at(30), at(50)), *blind("pager", at(70), at(90))]
    assert outcomes(three(FIRED, late, dark)) == "pass inconclusive inconclusive"


def test_the_wrong_receiver_is_named() -> None:
    findings = three(FIRED, page("chat", at(25), NAME), page("team", at(25), NAME))
    assert outcomes(findings) == "fail fail inconclusive"
    assert "it went to chat, team" in findings[0].because
    assert "No page of WebReplicaDown arrived" in findings[2].because


def test_a_dead_receiver() -> None:
    findings = three(FIRED)
    assert outcomes(findings) == "fail fail inconclusive"


def test_an_alert_that_never_fired_paged_nobody() -> None:
    assert outcomes(three()) == "fail fail inconclusive"


@pytest.mark.parametrize("source", ["prometheus", "alertmanager", "pager"])
def test_no_page_proves_nothing_while_the_way_was_dark(source: str) -> None:
    findings = three(FIRED, blind(source, at(23), at(40)))
    assert outcomes(findings) == "inconclusive inconclusive inconclusive"
    assert "connection refused" in findings[0].because


def test_alertmanager_lost_after_the_page() -> None:
    findings = three(FIRED, PAGED, blind("alertmanager", at(50)))
    assert outcomes(findings) == "pass pass inconclusive"


def test_a_page_from_before_the_fault_answers_nothing() -> None:
    assert outcomes(three(FIRED, page("oncall", at(5), NAME))) == (
        "fail fail inconclusive"
    )


def test_without_reaches_any_receiver_will_do() -> None:
    asked = promise(NAME, pages_within=45.0, page_resolves_within=90.0)
    planned = plan(step(alerts=(asked,)))
    story = timeline(fault(), FIRED, page("chat", at(25), NAME))
    verdict = judged(planned, story)
    assert answer(verdict, "pages_within").measured == 15.0
    silent = answer(verdict, "page_resolves_within")
    assert silent.outcome is Outcome.FAIL
    assert "The receiver never heard" in silent.because


def test_a_page_of_relabelled_alerts_is_known_by_its_start() -> None:
    told = page("oncall", at(25), NAME, starts=at(22), drill="yes")
    assert outcomes(three(FIRED, told))[:9] == "pass pass"


def test_a_page_with_more_labels_is_the_same_alert() -> None:
    told = page("oncall", at(25), NAME, severity="page", cluster="eu-1")
    assert outcomes(three(FIRED, told))[:9] == "pass pass"


# --- resolved ---


def test_a_receiver_that_never_hears_the_end() -> None:
    finding = three(FIRED, PAGED)[2]
    assert finding.outcome is Outcome.FAIL
    assert "oncall never heard that WebReplicaDown was over" in finding.because


def test_every_instance_that_paged_has_to_resolve() -> None:
    second = alert(NAME, fires=at(23), resolves=at(70), severity="page", zone="b")
    pages = [
        *page("oncall", at(26), NAME, severity="page", zone="b"),
        *page("oncall", at(75), NAME, status="resolved", severity="page", zone="b"),
    ]
    assert three(FIRED, PAGED, RESOLVED, second, pages)[2].measured == 20.0
    assert three(FIRED, PAGED, RESOLVED, second, pages[:1])[2].outcome is Outcome.FAIL


def test_a_resolution_that_was_followed_by_a_page_is_none() -> None:
    again = page("oncall", at(80), NAME)
    assert three(FIRED, PAGED, RESOLVED, again)[2].outcome is Outcome.FAIL


def test_a_repeated_resolution_counts_once() -> None:
    again = page("oncall", at(80), NAME, status="resolved")
    assert three(FIRED, PAGED, RESOLVED, again)[2].measured == 8.0


def test_a_run_that_was_stopped_before_the_page_resolved() -> None:
    story = cut(timeline(fault(), FIRED, PAGED, ended=at(70)), at(70))
    verdict = judged(PLAN, story, ending=Ending.OPERATOR, because="SIGINT")
    finding = answer(verdict, "page_resolves_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_a_fault_not_seen_to_end_has_no_resolution() -> None:
    verdict = judged(PLAN, timeline(fault(ends=None), FIRED, PAGED, RESOLVED))
    assert answer(verdict, "page_resolves_within").outcome is Outcome.INCONCLUSIVE


# --- held back ---


def held(by: str, when: float = 24) -> list[Event]:
    labels = {"alertname": NAME, "severity": "page"}
    return [event(at(when), "suppressed", alert=NAME, labels=labels, by=by, detail="x")]


@pytest.mark.parametrize(
    ("by", "said"),
    [("inhibition", "an inhibition (x)"), ("mute_time", "a mute time interval (x)")],
)
def test_what_alertmanager_holds_back_has_failed(by: str, said: str) -> None:
    findings = three(FIRED, held(by))
    assert outcomes(findings) == "fail fail inconclusive"
    assert f"held back by {said}" in findings[0].because


def test_what_somebody_silenced_meanwhile_is_open() -> None:
    assert outcomes(three(FIRED, held("silence"))) == (
        "inconclusive inconclusive inconclusive"
    )


@pytest.mark.parametrize(
    ("by", "outcome"),
    [("silence", Outcome.INCONCLUSIVE), ("inhibition", Outcome.FAIL)],
)
def test_an_end_that_was_swallowed(by: str, outcome: Outcome) -> None:
    findings = three(FIRED, PAGED, held(by, 58))
    assert outcomes(findings[:2]) == "pass pass"
    assert findings[2].outcome is outcome


# --- pages that name no alert ---


ROUTING = Routing(
    route=Route(
        receiver="team",
        routes=(
            Route(
                receiver="oncall",
                matchers=(Matcher(name="severity", op="=", value="page"),),
                group_by=("alertname",),
                group_interval=20.0,
            ),
        ),
    )
)


def pagerduty(when: float, key: str, status: str = "firing") -> list[Event]:
    fields = {"receiver": "oncall", "vendor": "pagerduty", "alerts": []}
    return [event(when, "page", status=status, dedup_key=key, **fields)]


def test_a_vendors_page_is_known_by_its_groups_hash() -> None:
    planned = plan(step(alerts=(PROMISE,)), routing=ROUTING)
    key = hashlib.sha256(KEY.encode()).hexdigest()
    told = [*pagerduty(at(25), key), *pagerduty(at(63), key, "resolved")]
    findings = three(FIRED, told, planned=planned)
    assert [finding.measured for finding in findings] == [None, 15.0, 8.0]


def test_or_by_another_page_of_the_same_group() -> None:
    key = hashlib.sha256(b"{}:{}").hexdigest()
    other = page("chat", at(24), NAME, group_key="{}:{}")
    findings = three(FIRED, other, pagerduty(at(25), key))
    assert outcomes(findings[:2]) == "pass pass"


def test_a_page_that_cannot_be_matched_leaves_it_open() -> None:
    findings = three(FIRED, pagerduty(at(25), "unknown"))
    assert outcomes(findings[:2]) == "inconclusive inconclusive"
    assert "could not be matched" in findings[0].because


def test_a_page_without_any_key_leaves_it_open_too() -> None:
    assert outcomes(three(FIRED, page("oncall", at(25)))[:2]) == (
        "inconclusive inconclusive"
    )


def test_a_page_of_another_alert_leaves_nothing_open() -> None:
    other = alert("Other", fires=at(22))
    findings = three(FIRED, other, page("oncall", at(25), "Other"))
    assert outcomes(findings[:2]) == "fail fail"


def test_a_fingerprint_tells_the_labels() -> None:
    known = page("chat", at(24), NAME)
    bare = {"status": "unknown", "fingerprint": f"f-{NAME}"}
    told = event(
        at(25), "page", receiver="oncall", vendor="x", status="firing", alerts=[bare]
    )
    assert outcomes(three(FIRED, known, [told])[:2]) == "pass pass"


# --- without a pager ---


WITHOUT = plan(step(alerts=(PROMISE,)), observe=everything(pages=None))


def routed(*receivers: str) -> list[Event]:
    labels = {"alertname": NAME, "severity": "page"}
    return [
        event(at(23), "routed", alert=NAME, labels=labels, receivers=list(receivers))
    ]


@pytest.mark.parametrize(
    ("parts", "expected", "said"),
    [
        ([routed("oncall", "team")], "pass", "routed WebReplicaDown to oncall"),
        ([routed("team")], "fail", "but to team"),
        ([], "fail", "did not route"),
        ([routed("oncall"), held("inhibition")], "fail", "held back by"),
        ([routed("oncall"), held("silence")], "inconclusive", "silenced"),
        ([blind("alertmanager", at(20))], "inconclusive", "could not be seen"),
    ],
)
def test_routing_answers_where_no_pages_are_seen(
    parts: list[list[Event]], expected: str, said: str
) -> None:
    findings = three(FIRED, *parts, planned=WITHOUT)
    assert outcomes(findings) == f"{expected} inconclusive inconclusive"
    assert said in findings[0].because


@pytest.mark.parametrize("trouble", [held("silence", 80), blind("prometheus", at(80))])
def test_routing_is_decided_when_the_page_was_due(trouble: list[Event]) -> None:
    findings = three(FIRED, routed("oncall"), trouble, planned=WITHOUT)
    assert findings[0].outcome is Outcome.PASS, findings[0].because
    findings = three(
        FIRED, routed("team"), blind("alertmanager", at(80)), planned=WITHOUT
    )
    assert findings[0].outcome is Outcome.FAIL, findings[0].because


@pytest.mark.parametrize(
    ("second", "victims", "outcome"),
    [
        ("oncall", "each", Outcome.PASS),
        ("team", "each", Outcome.FAIL),
        ("team", "any", Outcome.PASS),
    ],
)
def test_each_victims_alert_has_to_be_routed_there(
    second: str, victims: str, outcome: Outcome
) -> None:
    asked = promise(NAME, reaches="oncall", victims=victims)
    planned = plan(step(alerts=(asked,)), observe=everything(pages=None))
    parts: list[Event] = []
    for name, receiver in (("web-2", "oncall"), ("web-3", second)):
        place = f"{name}:80"
        labels = {"alertname": NAME, "severity": "page", "instance": place}
        about = {"alert": NAME, "labels": labels, "receivers": [receiver]}
        parts += fault(name)
        parts += alert(
            NAME, fires=at(22), resolves=at(60), severity="page", instance=place
        )
        parts.append(event(at(23), "routed", **about))
    finding = answer(judged(planned, timeline(parts)), "reaches")
    assert finding.outcome is outcome, finding.because


# --- the step before ---


def second_step(*parts: list[Event]) -> Finding:
    """Two steps; the alert of the first resolves at 60, the second begins at 75."""
    planned = plan(
        step(alerts=(PROMISE,)),
        step(name="again", alerts=(PROMISE,)),
        routing=ROUTING,
    )
    scenery = [
        *phases(over=at(65)),
        *phases("again", gate=at(66), begins=at(75), ends=at(100)),
    ]
    again = fault(begins=at(75), ends=at(100), step="again")
    refires = alert(NAME, fires=at(80), resolves=at(105))
    story = timeline(
        fault(),
        FIRED,
        PAGED,
        again,
        refires,
        *parts,
        scenery=scenery,
        monitoring=watched(),
    )
    findings = [
        finding
        for finding in judged(planned, story).findings
        if (finding.step, finding.question) == ("again", "pages_within")
    ]
    return findings[0]


def test_a_group_that_was_not_flushed_spoils_the_next_step() -> None:
    finding = second_step(page("oncall", at(83), NAME))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "was not flushed before the fault" in finding.because


def test_a_group_whose_end_was_told_is_flushed() -> None:
    finding = second_step(RESOLVED, page("oncall", at(83), NAME))
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 8.0)


def test_what_happens_after_the_pages_time_excuses_nothing() -> None:
    findings = three(FIRED, blind("pager", at(100), at(110)))
    assert outcomes(findings[:2]) == "fail fail"


def both() -> Plan:
    promised = promise(
        "WebReplicaDown",
        reaches=("oncall", "team"),
        pages_within=30.0,
        page_resolves_within=60.0,
    )
    return plan(step(alerts=(promised,)))


def test_several_receivers_are_each_asked_and_the_last_one_decides() -> None:
    story = timeline(
        fault(),
        alert("WebReplicaDown", fires=at(22), resolves=at(60)),
        page("oncall", at(24), "WebReplicaDown"),
        page("team", at(31), "WebReplicaDown"),
        page("oncall", at(70), "WebReplicaDown", status="resolved"),
        page("team", at(65), "WebReplicaDown", status="resolved"),
    )
    verdict = judged(both(), story)
    assert answer(verdict, "reaches").outcome is Outcome.PASS
    finding = answer(verdict, "pages_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 21.0)
    over = answer(verdict, "page_resolves_within")
    assert (over.outcome, over.measured) == (Outcome.PASS, 15.0)


@pytest.mark.parametrize("missing", ["oncall", "team"])
def test_one_of_several_receivers_that_heard_nothing_fails(missing: str) -> None:
    heard = {"oncall": "team", "team": "oncall"}[missing]
    story = timeline(
        fault(),
        alert("WebReplicaDown", fires=at(22), resolves=at(60)),
        page(heard, at(24), "WebReplicaDown"),
    )
    finding = answer(judged(both(), story), "reaches")
    assert finding.outcome is Outcome.FAIL
    assert f"arrived at {missing}" in finding.because
    assert answer(judged(both(), story), "pages_within").measured is None


# --- refused pages, and integrations that cannot be told apart ---


def hooks(*telling: bool, kind: str = "webhook") -> Plan:
    ways = tuple(Integration(kind=kind, send_resolved=tells) for tells in telling)
    receivers = (Receiver(name="oncall", integrations=ways), Receiver(name="audit"))
    routing = Routing(route=Route(receiver="oncall"), receivers=receivers)
    return plan(step(alerts=(PROMISE,)), routing=routing)


def copies(when: float, count: int, status: str = "firing") -> list[Event]:
    return [
        notification
        for number in range(count)
        for notification in page("oncall", at(when + number / 10), NAME, status=status)
    ]


@pytest.mark.parametrize(
    ("telling", "paged", "ended", "outcome"),
    [
        ((True, True), 2, 2, Outcome.PASS),
        ((True, True), 2, 1, Outcome.FAIL),
        ((True, False), 2, 1, Outcome.PASS),
        ((True, False), 2, 0, Outcome.FAIL),
        ((True, True), 1, 1, Outcome.PASS),  # the other one posts elsewhere
        ((True, True), 1, 0, Outcome.FAIL),
        ((True, False), 1, 1, Outcome.PASS),
        ((True, False), 1, 0, Outcome.INCONCLUSIVE),  # which of them it is
        ((True,), 1, 1, Outcome.PASS),
        ((True, True, False), 2, 1, Outcome.INCONCLUSIVE),
    ],
)
def test_each_of_several_integrations_at_one_address_has_to_hear_the_end(
    telling: tuple[bool, ...], paged: int, ended: int, outcome: Outcome
) -> None:
    told = [*copies(25, paged), *copies(65, ended, "resolved")]
    verdict = judged(hooks(*telling), timeline(fault(), FIRED, told))
    assert answer(verdict, "page_resolves_within").outcome is outcome


def test_a_page_that_is_told_again_is_no_copy() -> None:
    told = [*copies(25, 1), *copies(45, 1), *copies(65, 1, "resolved")]
    verdict = judged(hooks(True, True), timeline(fault(), FIRED, told))
    assert answer(verdict, "page_resolves_within").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("receiver", "outcome"),
    [
        ("oncall", Outcome.INCONCLUSIVE),
        ("audit", Outcome.FAIL),  # that receiver's own page
        ("", Outcome.INCONCLUSIVE),  # an address that names nobody
        ("onclal", Outcome.INCONCLUSIVE),  # mistyped, it may be anybody's
    ],
)
def test_a_refused_page_is_doubt_for_who_could_have_sent_it(
    receiver: str, outcome: Outcome
) -> None:
    refused = event(at(25), "page_refused", receiver=receiver, because="413", seq=1)
    verdict = judged(hooks(True), timeline(fault(), FIRED, [refused]))
    assert answer(verdict, "reaches").outcome is outcome
    assert answer(verdict, "pages_within").outcome is outcome
    assert answer(verdict, "no_other_alerts").outcome is Outcome.INCONCLUSIVE
