"""Messages without labels: by Alertmanager's default title, or by who was due."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.pages.titles import is_cut_of, title_of
from gameday.model.alerting.alert import Integration, Matcher, Receiver, Route, Routing
from gameday.model.events import Event, event
from gameday.model.verdict import Outcome
from tests.builders import (
    alert,
    answer,
    at,
    everything,
    fault,
    judged,
    page,
    plan,
    promise,
    step,
    timeline,
)

NAME = "WebReplicaDown"
PROMISE = promise(
    NAME,
    fires_within=30.0,
    reaches="chat",
    pages_within=45.0,
    page_resolves_within=60.0,
)
ROUTING = Routing(
    route=Route(
        receiver="chat",
        group_by=("alertname", "team"),
        group_wait=2.0,
        group_interval=10.0,
        routes=(
            Route(
                receiver="dba",
                matchers=(Matcher(name="team", op="=", value="db"),),
                group_by=("alertname",),
            ),
        ),
    ),
    receivers=(Receiver(name="chat"), Receiver(name="dba")),
)
PLAN = plan(step(alerts=(PROMISE,)), routing=ROUTING)
WEB: dict[str, Any] = {"severity": "page", "team": "web"}
FIRED = alert(NAME, fires=at(22), resolves=at(60), **WEB)
TITLE = "[FIRING:1] WebReplicaDown web (page)"
OVER = "[RESOLVED] WebReplicaDown web (page)"


def slack(
    when: float, title: str = "", status: str = "firing", receiver: str = "chat"
) -> list[Event]:
    return [
        event(
            message.at,
            "page",
            **{**message.fields, "titles": [title] if title else []},
        )
        for message in page(receiver, at(when), vendor="slack", status=status)
    ]


def routed(name: str, starts: float, **labels: str) -> list[Event]:
    told = {"alertname": name, **labels}
    about = {"alert": name, "labels": told, "receivers": ["chat"]}
    return [event(at(starts + 0.5), "routed", starts=at(starts), **about)]


def outcomes(*parts: list[Event], planned: object = PLAN) -> str:
    verdict = judged(planned, timeline(fault(), *parts))  # type: ignore[arg-type]
    names = ("reaches", "pages_within", "page_resolves_within", "no_other_alerts")
    return " ".join(answer(verdict, name).outcome for name in names)


@pytest.mark.parametrize(
    ("group", "firing", "resolved", "title"),
    [
        ({"alertname": "A"}, [{"alertname": "A"}], [], "[FIRING:1] A"),
        (
            {"team": "web", "alertname": "A"},
            [{"alertname": "A", "team": "web", "zone": "z", "job": "j"}],
            [],
            "[FIRING:1] A web (j z)",
        ),
        (
            {"team": "web"},
            [{"alertname": "A", "team": "web"}, {"alertname": "B", "team": "web"}],
            [],
            "[FIRING:2] web",
        ),
        ({}, [{"alertname": "A", "a": "b"}], [], "[FIRING:1]  (A b)"),
        ({"alertname": "A"}, [], [{"alertname": "A", "a": "b"}], "[RESOLVED] A (b)"),
        (
            {"alertname": "A"},
            [{"alertname": "A", "x": "1"}],
            [{"alertname": "A", "x": "2"}],
            "[FIRING:1] A",
        ),
    ],
)
def test_the_default_title(
    group: dict[str, str],
    firing: list[dict[str, str]],
    resolved: list[dict[str, str]],
    title: str,
) -> None:
    assert title_of(group, firing, resolved) == title


def test_a_healthy_system_with_a_chat_receiver_passes() -> None:
    said = [*slack(25, TITLE), *slack(65, OVER, "resolved")]
    assert outcomes(FIRED, said) == "pass pass pass pass"


def test_labels_that_were_added_on_the_way_are_in_the_title() -> None:
    seen = routed(NAME, 22, **WEB, cluster="eu")
    said = slack(25, "[FIRING:1] WebReplicaDown web (eu page)")
    assert outcomes(FIRED, seen, said) == "pass pass fail pass"


@pytest.mark.parametrize(
    "before",
    [
        [("b", -100.0)],
        [("b", -100.0), ("c", -300.0)],
        [(f"z{number}", -100.0 - number) for number in range(60)],
    ],
    ids=["one", "two", "many"],
)
@pytest.mark.parametrize("again", [False, True], ids=["not again", "again"])
def test_what_was_resolved_long_ago_may_be_in_a_message_again(
    before: list[tuple[str, float]], again: bool
) -> None:
    """Prometheus sends it again for 15 min: the zone is then not in the title."""
    old = [
        entry
        for zone, fired in before
        for entry in alert(
            NAME, fires=at(fired), resolves=at(fired + 20), zone=zone, **WEB
        )
    ]
    mine = alert(NAME, fires=at(22), resolves=at(60), zone="a", **WEB)
    shown = "page" if again else "page a"
    said = [
        *slack(25, "[FIRING:1] WebReplicaDown web (page a)"),
        *slack(65, f"[RESOLVED] WebReplicaDown web ({shown})", "resolved"),
    ]
    assert outcomes(old, mine, said) == "pass pass pass pass"


def test_what_was_resolved_before_the_retention_is_in_no_message() -> None:
    old = alert(NAME, fires=at(-1000), resolves=at(-980), zone="b", **WEB)
    mine = alert(NAME, fires=at(22), resolves=at(60), zone="a", **WEB)
    said = [
        *slack(25, "[FIRING:1] WebReplicaDown web (page a)"),
        *slack(65, OVER, "resolved"),
    ]
    assert outcomes(old, mine, said) == "pass pass inconclusive inconclusive"


def test_a_message_that_nobody_sent_is_a_failure() -> None:
    other = alert("Errors", fires=at(23), **WEB)
    said = slack(26, "[FIRING:1] Errors web (page)")
    assert outcomes(FIRED, other, said).startswith("fail fail")


def test_two_alerts_of_a_group_share_a_message() -> None:
    asked = promise(NAME, labels={}, reaches="chat", pages_within=45.0)
    planned = plan(step(alerts=(asked,)), routing=ROUTING)
    zones = [
        alert(NAME, fires=at(22), severity="page", team="web", zone=zone)
        for zone in "ab"
    ]
    said = slack(25, "[FIRING:2] WebReplicaDown web (page)")
    verdict = judged(planned, timeline(fault(), *zones, said))
    assert answer(verdict, "reaches").outcome is Outcome.PASS
    assert answer(verdict, "no_other_alerts").outcome is Outcome.PASS
    assert answer(verdict, "reaches").evidence["told_by"] == "its title"


def test_a_title_of_another_prometheus_alert_is_known_by_what_was_routed() -> None:
    said = [*slack(25, TITLE), *slack(32, "[FIRING:1] DiskFull web (page)")]
    seen = routed("DiskFull", 30, **WEB)
    assert outcomes(FIRED, seen, said) == "pass pass fail fail"
    before = routed("DiskFull", 1, **WEB)
    assert outcomes(FIRED, before, said) == "pass pass fail pass"


def test_a_title_that_no_alert_has_is_not_understood() -> None:
    said = [*slack(25, TITLE), *slack(32, "[FIRING:1] DiskFull web (page)")]
    assert outcomes(FIRED, said) == "pass pass fail inconclusive"


def test_a_title_from_before_the_alert_fired_is_anothers() -> None:
    assert outcomes(FIRED, slack(15, TITLE)).startswith("fail fail")


# --- cut titles, links, and what no pager hears ---


def cut_at(title: str, longest: int, mark: str = "…") -> str:
    return title[: longest - len(mark)] + mark


LONG: dict[str, Any] = {"severity": "page", "team": "web", "zone": "z" * 2000}
LONG_TITLE = f"[FIRING:1] WebReplicaDown web (page {'z' * 2000})"


@pytest.mark.parametrize("longest", [1024, 256, 130])
@pytest.mark.parametrize("mark", ["…", "..."])
def test_a_title_that_was_cut_is_its_exact_beginning(longest: int, mark: str) -> None:
    fired = alert(NAME, fires=at(22), resolves=at(60), **LONG)
    said = slack(25, cut_at(LONG_TITLE, longest, mark))
    assert outcomes(fired, said).startswith("pass pass")


@pytest.mark.parametrize(
    "shown",
    [
        cut_at(LONG_TITLE, 1023),  # no vendor's limit
        cut_at(LONG_TITLE.replace("web", "api"), 1024),
        LONG_TITLE[:1024],  # nothing shows that it was cut
    ],
)
def test_another_beginning_is_not_understood(shown: str) -> None:
    fired = alert(NAME, fires=at(22), resolves=at(60), **LONG)
    other = alert("Errors", fires=at(23), resolves=at(60), **WEB)
    assert outcomes(fired, other, slack(25, shown)).startswith(
        "inconclusive inconclusive"
    )


def test_what_is_whole_is_not_cut() -> None:
    assert is_cut_of(cut_at("a" * 300, 256), "a" * 300)
    assert not is_cut_of("a" * 255 + "…", "a" * 255 + "…")


def two_groups(first: str, second: str) -> list[Event]:
    return [
        entry
        for zone in (first, second)
        for entry in alert(NAME, fires=at(22), severity="page", zone=zone)
    ]


@pytest.mark.parametrize(("full", "outcome"), [(False, "inconclusive"), (True, "pass")])
def test_a_beginning_that_two_groups_share_leaves_it_open(
    full: bool,
    outcome: str,
) -> None:
    route = Route(receiver="chat", group_by=("zone",), group_wait=2.0)
    asked = promise(NAME, labels={"zone": "z" * 300 + "a"}, reaches="chat")
    routing = Routing(route=route, receivers=(Receiver(name="chat"),))
    planned = plan(step(alerts=(asked,)), routing=routing)
    whole = f"[FIRING:1] {'z' * 300}a (WebReplicaDown page)"
    (sent,) = slack(25, cut_at(whole, 256))
    titles = [cut_at(whole, 256), *([whole] if full else [])]  # as Slack's fallback
    told = event(sent.at, "page", **{**sent.fields, "titles": titles})
    fired = two_groups("z" * 300 + "a", "z" * 300 + "b")
    verdict = judged(planned, timeline(fault(), fired, [told]))
    assert answer(verdict, "reaches").outcome == outcome


def from_receiver(sender: str, title: str = TITLE) -> list[Event]:
    return [
        event(message.at, "page", **{**message.fields, "sender": sender})
        for message in slack(25, title)
    ]


def test_a_message_whose_own_link_names_another_receiver_is_not_this_ones() -> None:
    assert outcomes(FIRED, from_receiver("chat")).startswith("pass pass")
    assert outcomes(FIRED, from_receiver("dba")).startswith("inconclusive inconclusive")


def told_by(*kinds: str) -> Routing:
    ways = tuple(Integration(kind=kind) for kind in kinds)
    return Routing(
        route=ROUTING.route,
        receivers=(Receiver(name="chat", integrations=ways), Receiver(name="dba")),
    )


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        (("email",), "inconclusive"),
        (("email", "telegram"), "inconclusive"),
        (("email", "msteamsv2"), "fail"),
        (("webhook",), "fail"),
    ],
)
def test_what_no_pager_can_receive_is_never_a_failure(
    kinds: tuple[str, ...], outcome: str
) -> None:
    planned = plan(step(alerts=(PROMISE,)), routing=told_by(*kinds))
    verdict = judged(planned, timeline(fault(), FIRED))
    for question in ("reaches", "pages_within"):
        finding = answer(verdict, question)
        assert finding.outcome == outcome
        assert ("which the pager cannot receive" in finding.because) == (
            outcome == "inconclusive"
        )


def test_an_alert_that_is_not_routed_to_the_mail_was_not_told_by_it() -> None:
    planned = plan(step(alerts=(PROMISE,)), routing=told_by("email"))
    elsewhere = alert(NAME, fires=at(22), severity="page", team="db")
    verdict = judged(planned, timeline(fault(), elsewhere))
    assert answer(verdict, "reaches").outcome is Outcome.FAIL
    silent = judged(planned, timeline(fault()))
    assert answer(silent, "reaches").outcome is Outcome.FAIL


# --- a team's own template ---


def test_the_only_group_that_was_due_was_told_of() -> None:
    said = [*slack(25, "web is in trouble"), *slack(65, "all is well", "resolved")]
    assert outcomes(FIRED, said) == "pass pass pass inconclusive"
    finding = answer(judged(PLAN, timeline(fault(), FIRED, said)), "reaches")
    assert finding.evidence["told_by"] == "the only group that was due"


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("[FIRING:1] DiskFull db-1 (ticket)", "inconclusive"),
        ("[RESOLVED] DiskFull db-1 (ticket)", "inconclusive"),
        ("[FIRING:1] WebReplicaDown in web, wake up", "pass"),  # of the team's own
        ("[FIRING:1] WebReplicaDown", "pass"),
        ("DiskFull, or what else it may be", "pass"),
    ],
)
def test_a_title_that_names_another_group_is_not_the_only_one_due(
    title: str, outcome: str
) -> None:
    """Many a template of a team's own begins as the default one does."""
    assert outcomes(FIRED, slack(25, title)).split()[0] == outcome


def test_a_label_of_several_lines_is_cut_as_the_pager_cuts_it() -> None:
    labels = {"alertname": "A", "text": "one\ntwo"}
    assert title_of({"alertname": "A"}, [labels], []) == "[FIRING:1] A (one"


def test_blanks_at_the_end_of_a_title_say_nothing() -> None:
    assert outcomes(FIRED, slack(25, f"{TITLE} "), slack(63, OVER, "resolved")) == (
        "pass pass pass pass"
    )


def test_a_message_of_an_old_run_has_no_title() -> None:
    assert outcomes(FIRED, slack(25)).startswith("pass pass")


@pytest.mark.parametrize(
    "other",
    [
        alert("Errors", fires=at(23), **WEB),
        alert("Errors", fires=at(8), **WEB),
        alert("Errors", fires=at(12), resolves=at(20), **WEB),
        routed("DiskFull", 20, **WEB),
    ],
    ids=[
        "fires as well",
        "fired just before",
        "has just ended",
        "of another Prometheus",
    ],
)
def test_where_another_group_was_due_it_stays_open(other: list[Event]) -> None:
    assert outcomes(FIRED, other, slack(25, "trouble")).startswith(
        "inconclusive inconclusive"
    )


OLD = alert("Watchdog", fires=at(-300), **WEB)


def test_a_group_that_was_told_of_long_ago_was_not_due() -> None:
    said = [*slack(25, "web is in trouble"), *slack(65, "all is well", "resolved")]
    assert outcomes(OLD, FIRED, said) == "pass pass pass inconclusive"


def test_a_group_that_may_be_told_of_again_was_due() -> None:
    often = replace(ROUTING, route=replace(ROUTING.route, repeat_interval=60.0))
    planned = plan(step(alerts=(PROMISE,)), routing=often)
    answers = outcomes(OLD, FIRED, slack(25, "trouble"), planned=planned)
    assert answers.startswith("inconclusive inconclusive")


def test_a_group_whose_silence_was_just_lifted_was_due() -> None:
    labels = {"alertname": "Watchdog", **WEB}
    about = {"alert": "Watchdog", "labels": labels, "by": "silence", "detail": "s"}
    held = event(at(-100), "suppressed", **about)
    free = event(at(20), "unsuppressed", **about)
    answers = outcomes(OLD, FIRED, [held, free], slack(25, "trouble"))
    assert answers.startswith("inconclusive inconclusive")


def test_a_group_that_goes_elsewhere_was_not_due_here() -> None:
    other = alert("Errors", fires=at(23), severity="page", team="db")
    assert outcomes(FIRED, other, slack(25, "trouble")).startswith("pass pass")


def test_a_message_before_or_long_after_its_time_is_not_the_alerts() -> None:
    assert outcomes(FIRED, slack(15, "trouble")).startswith("fail fail")
    early = outcomes(FIRED, slack(22.5, "trouble"))
    assert early.startswith("inconclusive inconclusive")
    long = alert(NAME, fires=at(22), resolves=at(100), **WEB)
    assert outcomes(long, slack(54, "trouble")).startswith("inconclusive inconclusive")


def test_a_receiver_that_shows_default_titles_has_no_template_of_its_own() -> None:
    said = [*slack(25, "[FIRING:1] DiskFull web (page)"), *slack(65, OVER, "resolved")]
    assert outcomes(FIRED, said).startswith("inconclusive inconclusive")


def test_without_routes_nobody_knows_who_was_due() -> None:
    planned = plan(step(alerts=(PROMISE,)))
    assert outcomes(FIRED, slack(25, TITLE), planned=planned).startswith(
        "inconclusive inconclusive"
    )


def test_without_alertmanager_the_default_title_still_tells() -> None:
    planned = plan(
        step(alerts=(PROMISE,)),
        routing=ROUTING,
        observe=everything(alertmanager=None),
    )
    assert outcomes(FIRED, slack(25, TITLE), planned=planned).startswith("pass pass")
    assert outcomes(FIRED, slack(25, "trouble"), planned=planned).startswith(
        "inconclusive inconclusive"
    )


def test_what_was_muted_was_not_due() -> None:
    labels = {"alertname": NAME, **WEB}
    held = event(
        at(22.2), "suppressed", alert=NAME, labels=labels, by="mute_time", detail="x"
    )
    answers = outcomes(FIRED, [held], slack(25, "trouble"))
    assert answers.startswith("inconclusive inconclusive")


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (slack(65, "all is well", "resolved"), "inconclusive"),
        (slack(65, "all is well", "unknown"), "inconclusive"),
        (slack(65, "all is well", "resolved", "dba"), "fail"),
        (slack(65, "[RESOLVED] Errors web (page)", "resolved"), "fail"),
        (slack(65, "more trouble"), "fail"),
    ],
    ids=["may be its end", "says nothing", "elsewhere", "another's", "no end"],
)
def test_an_end_that_nobody_understands_leaves_it_open(
    end: list[Event], outcome: str
) -> None:
    other = alert("Errors", fires=at(30), resolves=at(60), **WEB)
    answers = outcomes(FIRED, other, slack(25, TITLE), end)
    assert answers.startswith(f"pass pass {outcome}")


def test_what_alertmanager_left_out_may_be_it() -> None:
    other = alert("Errors", fires=at(23), **WEB)
    (told,) = page("chat", at(26), "Errors", starts=at(23), **WEB)
    cut = event(told.at, "page", **{**told.fields, "truncated": 2})
    assert outcomes(FIRED, other, [cut]).startswith("inconclusive inconclusive")
    assert outcomes(FIRED, other, [told]).startswith("fail fail")


# --- order ---

TITLES = st.sampled_from(
    ["", TITLE, OVER, "[FIRING:2] WebReplicaDown web (page)", "trouble"]
)
MESSAGES = st.lists(
    st.builds(
        slack,
        st.sampled_from([12.0, 25.0, 31.0, 65.0]),
        TITLES,
        st.sampled_from(["firing", "resolved", "unknown"]),
        st.sampled_from(["chat", "dba"]),
    ),
    max_size=4,
)
ALERTS = st.lists(
    st.builds(
        lambda name, fires, zone: alert(
            name, fires=at(fires), resolves=at(60), severity="page", **zone
        ),
        st.sampled_from([NAME, "Errors"]),
        st.sampled_from([2.0, 22.0, 23.0]),
        st.sampled_from(
            [{"team": "web"}, {"team": "web", "zone": "a"}, {"team": "db"}]
        ),
    ),
    max_size=4,
    unique_by=lambda told: tuple(sorted(told[0].labels.items())),
)


@settings(max_examples=100, deadline=None)
@given(alerts=ALERTS, said=MESSAGES, chance=st.randoms(use_true_random=False))
def test_the_order_of_messages_never_matters(
    alerts: list[list[Event]], said: list[list[Event]], chance: random.Random
) -> None:
    parts = [*alerts, *said]
    first = judged(PLAN, timeline(fault(), *parts)).findings
    chance.shuffle(parts)
    again = judged(PLAN, timeline(fault(), *parts)).findings
    asked = ("question", "subject", "outcome", "measured", "because")
    assert [[getattr(finding, name) for name in asked] for finding in first] == [
        [getattr(finding, name) for name in asked] for finding in again
    ]
    assert not [finding.because for finding in first if "crashed" in finding.because]
