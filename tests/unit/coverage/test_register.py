"""The register: what is proven, and that nothing is called proven that is not."""

from dataclasses import replace

import pytest

from gameday.coverage.past import Drill
from gameday.coverage.proof_state import share
from gameday.model.alerting.alert import (
    Integration,
    Matcher,
    Receiver,
    RecordingRule,
    Route,
)
from gameday.model.verdict import Ending
from tests.builders import alert, at, fault, page, promise, rule, timeline
from tests.unit.coverage.register_of import (
    DAY,
    NAME,
    ONCALL,
    ROUTING,
    asked,
    defined,
    found,
    image,
    past,
    story,
    the,
)


def test_a_promised_alert_that_fired_in_time_is_proven() -> None:
    seen = found(past())
    rule_ = the(seen.rules)
    assert rule_.state == "proven"
    assert rule_.evidence is not None
    assert rule_.evidence.method == "process.stop"
    assert rule_.evidence.run == "r1"
    assert rule_.evidence.testbed == "docker://shop"
    assert seen.ratio == 1.0
    assert the(seen.receivers, "oncall").state == "proven"
    assert the(seen.receivers, "team").state == "never"
    assert the(seen.routes, '{severity="page"} -> oncall').state == "proven"


def test_without_any_run_nothing_is_proven() -> None:
    seen = found()
    assert the(seen.rules).state == "never"
    assert seen.ratio == 0.0


def test_an_alert_that_fired_too_late_was_only_seen() -> None:
    late = timeline(
        fault("web-2", begins=at(10), ends=at(55)),
        alert(NAME, fires=at(52), resolves=at(60)),
        page("oncall", at(53), NAME),
    )
    seen = found(past(told=late))
    assert the(seen.rules).state == "seen"
    assert seen.ratio == 0.0


def test_a_promised_alert_that_stayed_silent_proves_nothing() -> None:
    silent = timeline(fault("web-2", begins=at(10), ends=at(55)))
    assert the(found(past(told=silent)).rules).state == "never"


@pytest.mark.parametrize("ending", [Ending.GUARDRAIL, Ending.OPERATOR, Ending.CRASHED])
def test_a_run_that_did_not_finish_proves_nothing(ending: Ending) -> None:
    seen = found(past(ending=ending))
    assert the(seen.rules).state == "seen"
    assert the(seen.receivers, "oncall").state == "seen"


def test_an_alert_that_rang_and_was_not_promised_is_seen() -> None:
    other = rule("CheckoutErrors")
    run = past(
        asked([rule(NAME), other]),
        story(alert("CheckoutErrors", fires=at(30), resolves=at(58))),
    )
    seen = found(run, rules=defined(rule(NAME), other))
    assert the(seen.rules, "CheckoutErrors").state == "seen"
    assert seen.ratio == 0.5


def test_what_fired_before_any_fault_was_not_seen() -> None:
    other = rule("Old")
    run = past(asked([rule(NAME), other]), story(alert("Old", fires=at(5))))
    seen = found(run, rules=defined(rule(NAME), other))
    assert the(seen.rules, "Old").state == "never"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hold": 300.0}, "for 0s -> 5m"),
        ({"expr": "up == 2"}, "its expression changed"),
        ({"labels": {"severity": "ticket"}}, 'label severity "page" -> "ticket"'),
        ({"keep_firing": 60.0}, "keep_firing_for 0s -> 1m"),
    ],
)
def test_a_rule_that_changed_since_is_stale(
    changed: dict[str, object], said: str
) -> None:
    today = rule(NAME, **{k: v for k, v in changed.items() if k != "expr"})
    if "expr" in changed:
        today = replace(today, expr=str(changed["expr"]))
    standing = the(found(past(), rules=defined(today)).rules)
    assert standing.state == "stale"
    assert said in standing.because


def test_a_rule_that_is_only_written_differently_is_the_same() -> None:
    then = replace(rule(NAME), expr='up{job="a",zone!="b"} == 0', interval=1.0)
    now = replace(
        rule(NAME),
        expr='up{zone != "b", job = "a"}\n  == 0',
        file="other.yaml",
        group="renamed",
        annotations={"summary": "new"},
    )
    standing = the(found(past(asked([then])), rules=defined(now)).rules)
    assert standing.state == "proven"


def test_a_recording_rule_that_changed_makes_what_reads_it_stale() -> None:
    reads = replace(rule(NAME), expr="job:up:sum == 0")
    then = RecordingRule(name="job:up:sum", expr="sum(up)")
    run = past(asked([reads], recorded=(then,)))
    same = defined(
        reads, recorded=(RecordingRule(name="job:up:sum", expr="sum( up )"),)
    )
    other = defined(reads, recorded=(RecordingRule(name="job:up:sum", expr="min(up)"),))
    assert the(found(run, rules=same).rules).state == "proven"
    standing = the(found(run, rules=other).rules)
    assert standing.state == "stale"
    assert standing.because == "the recording rule job:up:sum changed"


def test_a_proof_that_is_too_old_is_stale() -> None:
    assert the(found(past(), after=29 * DAY).rules).state == "proven"
    standing = the(found(past(), after=31 * DAY).rules)
    assert standing.state == "stale"
    assert standing.because == "it was 30d ago, which is more than 30d"


def test_a_newer_proof_renews_a_stale_one_and_an_older_one_does_not() -> None:
    slow = asked([rule(NAME, hold=5.0)])
    first = past()
    second = past(slow, run="r2", later=DAY)
    today = defined(rule(NAME, hold=5.0))
    standing = the(found(first, second, rules=today, after=2 * DAY).rules)
    assert standing.state == "proven"
    back = the(found(first, second, after=2 * DAY).rules)
    assert back.state == "proven"  # the rule is again as it was proven first
    assert back.evidence is not None
    assert back.evidence.run == "r1"


def routed(**changed: object) -> Route:
    return replace(ROUTING.route, routes=(replace(ONCALL, **changed),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (routed(group_wait=30.0), "group_wait 0s -> 30s"),
        (routed(group_by=("server",)), "group_by [] -> [server]"),
        (routed(mute_times=("nights",)), "mute_time_intervals [] -> [nights]"),
        (
            routed(matchers=(Matcher(name="severity", op="=", value="pgae"),)),
            "is not there any more",
        ),
        (
            replace(
                ROUTING.route,
                routes=(
                    Route(
                        receiver="team",
                        matchers=(Matcher(name="alertname", op="=", value=NAME),),
                    ),
                    ONCALL,
                ),
            ),
            "the alert goes by",
        ),
    ],
)
def test_a_route_that_changed_since_makes_the_rule_stale(
    route: Route, said: str
) -> None:
    standing = the(found(past(), routing=replace(ROUTING, route=route)).rules)
    assert standing.state == "stale"
    assert said in standing.because


def test_a_receiver_that_changed_since_is_stale_with_its_rule() -> None:
    other = Receiver(name="oncall", integrations=(Integration(kind="slack"),))
    routing = replace(ROUTING, receivers=(other, ROUTING.receivers[1]))
    seen = found(past(), routing=routing)
    said = "receiver oncall: [pagerduty] -> [slack]"
    assert the(seen.receivers, "oncall").because == said
    assert the(seen.rules).state == "stale"


@pytest.mark.parametrize("label", ["com.docker.compose.image", "image_digest"])
def test_a_service_that_was_built_anew_since_makes_the_proof_stale(label: str) -> None:
    before, after = image("sha256:a", label), image("sha256:b", label)
    old = asked([rule(NAME)], instances=[before, before])
    new = asked(
        [rule(NAME)],
        instances=[after, after],
        promised=promise("Other", fires_within=5.0),
    )
    first = past(old)
    assert the(found(first).rules).service == "same"
    standing = the(found(first, past(new, run="r2", later=60.0)).rules)
    assert standing.state == "stale"
    assert standing.because == "the service web changed"
    assert standing.service == "changed"


def test_an_older_proof_without_a_version_is_not_fresher_than_a_stale_one() -> None:
    runs = []
    for number, digest in enumerate(("", "sha256:a", "sha256:b")):
        of = asked([rule(NAME)], instances=[image(digest), image(digest)])
        run = past(of, run=f"r{number}", later=float(number))
        findings = run.verdict.findings if number < 2 else ()
        runs.append(replace(run, verdict=replace(run.verdict, findings=findings)))
    assert the(found(*runs[:1]).rules).state == "proven"
    assert the(found(*runs[:2]).rules).state == "proven"
    standing = the(found(*runs).rules)
    assert (standing.state, standing.because) == ("stale", "the service web changed")


def test_a_version_that_came_back_is_proven_by_its_own_run() -> None:
    runs = []
    for number, digest in enumerate(("sha256:a", "sha256:b", "sha256:a")):
        of = asked([rule(NAME)], instances=[image(digest), image(digest)])
        run = past(of, run=f"r{number}", later=float(number))
        findings = run.verdict.findings if number < 2 else ()
        runs.append(replace(run, verdict=replace(run.verdict, findings=findings)))
    standing = the(found(*runs).rules)
    assert (standing.state, standing.service) == ("proven", "same")


def test_a_run_that_tells_no_version_takes_no_change_back() -> None:
    runs = []
    for number, digest in enumerate(("sha256:a", "sha256:b", "")):
        of = asked([rule(NAME)], instances=[image(digest), image(digest)])
        run = past(of, run=f"r{number}", later=float(number))
        findings = run.verdict.findings if number == 0 else ()
        runs.append(replace(run, verdict=replace(run.verdict, findings=findings)))
    assert the(found(*runs[:2]).rules).service == "changed"
    assert the(found(*runs).rules).service == "changed"


def test_a_service_without_a_version_in_the_record_is_unknown_not_stale() -> None:
    standing = the(found(past()).rules)
    assert (standing.state, standing.service) == ("proven", "unknown")


def test_of_two_rules_of_one_name_the_one_with_the_labels_is_proven() -> None:
    ticket = rule(NAME, labels={"severity": "ticket"})
    seen = found(past(asked([rule(NAME), ticket])), rules=defined(rule(NAME), ticket))
    assert [proof_state.state for proof_state in seen.rules] == ["proven", "never"]


def test_two_rules_that_nobody_can_tell_apart_are_only_seen() -> None:
    twin = replace(rule(NAME, group="other"), expr="up == 5")
    seen = found(past(asked([rule(NAME), twin])), rules=defined(rule(NAME), twin))
    assert {proof_state.state for proof_state in seen.rules} == {"seen"}
    assert seen.rules[0].because == "several rules have this name and these labels"


def test_what_always_fires_is_not_counted() -> None:
    watchdog = replace(rule("Watchdog"), expr="vector(1)")
    seen = found(past(), rules=defined(rule(NAME), watchdog))
    assert not the(seen.rules, "Watchdog").counted
    assert seen.ratio == 1.0


def test_no_rule_at_all_is_no_share() -> None:
    assert found(past(), rules=()).ratio is None
    assert share([]) is None


def test_a_drill_proves_delivery_and_nothing_else() -> None:
    drill = Drill(
        name="d1",
        at=at(0),
        receiver=ROUTING.receivers[1],
        paths=((ROUTING.route,),),
        delivered=True,
    )
    seen = found(past(), drills=[drill])
    team = the(seen.receivers, "team")
    assert team.state == "synthetic only"
    assert team.because == "delivery is proven by a drill, detection is not"
    assert the(seen.routes, "{} -> team").state == "synthetic only"
    assert the(seen.receivers, "oncall").state == "proven"
    old = the(found(drills=[drill], after=60 * DAY).receivers, "team")
    assert old.state == "stale"


def test_what_is_new_or_changed_since_a_commit_is_told() -> None:
    base = defined(rule(NAME), rule("Kept"))
    today = defined(rule(NAME, hold=9.0), rule("Kept"), rule("Fresh"))
    seen = found(past(), rules=today, base=base)
    marks = {proof_state.name: proof_state.since_base for proof_state in seen.rules}
    assert marks == {NAME: "changed", "Kept": "same", "Fresh": "new"}
    assert [proof_state.name for proof_state in seen.unproven_since_base] == [
        NAME,
        "Fresh",
    ]


def test_a_page_that_nobody_promised_is_seen_by_its_route() -> None:
    told = story(page("team", at(30), "Other", severity="ticket"))
    seen = found(past(told=told))
    assert the(seen.receivers, "team").state == "seen"
    assert the(seen.routes, "{} -> team").state == "seen"
