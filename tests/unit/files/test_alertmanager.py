"""Alertmanager configurations: routing is judged, receivers' fields are not."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

import os
from pathlib import Path

import pytest

from gameday.files import alertmanager, amtool, matchers
from gameday.model.alert import InhibitRule, Integration, Matcher, Receiver
from tests.unit.files.shop import ALERTMANAGER

FULL = """\
global: {resolve_timeout: 5m, slack_api_url: http://x}
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1s
  repeat_interval: 1h
  routes:
    - match: {team: web}
      match_re: {service: a|b}
      matchers: ['severity=~"page|ticket"']
      group_interval: 10s
      continue: true
      mute_time_intervals: [nights]
      routes:
        - receiver: chat
          group_by: ['...']
          active_time_intervals: [days]
receivers:
  - name: team
    webhook_configs: [{url: http://x}, {url: http://x, send_resolved: false}]
  - name: chat
    slack_configs: [{channel: a}]
    email_configs: [{to: b, send_resolved: yes}]
    tomorrows_configs: [{x: {y: z}}]
inhibit_rules:
  - source_matchers: [severity="page"]
    target_match: {severity: ticket}
    equal: [alertname, dev]
mute_time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: "00:00", end_time: "06:00"}]
        weekdays: [monday:friday, Sunday]
        days_of_month: ["1:5", "-3:-1"]
        months: ["1:3", may]
        years: ["2020:2022"]
time_intervals:
  - name: days
"""


def errors(text: str) -> list[str]:
    routing, problems = alertmanager.parse(text, "a.yaml")
    found = [str(one) for one in problems if one.severity == "error"]
    assert (routing is None) == bool(found)
    return found


def test_routes_inherit_and_matchers_of_all_spellings() -> None:
    text = FULL.replace('ticket"', 'ticket", "a.b"!="c d"')
    routing, problems = alertmanager.parse(text, "a.yaml")
    assert problems == []
    assert routing is not None
    root = routing.route
    assert (root.group_wait, root.group_interval, root.repeat_interval) == (
        1,
        300,
        3600,
    )
    (web,) = root.routes
    assert web.matchers == (
        Matcher(name="team", op="=", value="web"),
        Matcher(name="service", op="=~", value="a|b"),
        Matcher(name="severity", op="=~", value="page|ticket"),
        Matcher(name="a.b", op="!=", value="c d"),
    )
    assert (web.receiver, web.group_by, web.goes_on) == ("team", ("alertname",), True)
    assert (web.group_wait, web.group_interval, web.mute_times) == (1, 10, ("nights",))
    (chat,) = web.routes
    assert (chat.receiver, chat.group_by) == ("chat", ("...",))
    assert (chat.group_interval, chat.active_times, chat.goes_on) == (
        10,
        ("days",),
        False,
    )
    assert routing.time_intervals == ("nights", "days")


def test_receivers_and_inhibition() -> None:
    routing, _ = alertmanager.parse(FULL, "a.yaml")
    assert routing is not None
    assert routing.receivers == (
        Receiver(
            name="team",
            integrations=(
                Integration(kind="webhook"),
                Integration(kind="webhook", send_resolved=False),
            ),
        ),
        Receiver(
            name="chat",
            integrations=(
                Integration(kind="slack", send_resolved=False),
                Integration(kind="email", send_resolved=True),
                Integration(kind="tomorrows"),
            ),
        ),
    )
    assert routing.inhibit == (
        InhibitRule(
            source=(Matcher(name="severity", op="=", value="page"),),
            target=(Matcher(name="severity", op="=", value="ticket"),),
            equal=("alertname", "dev"),
        ),
    )


MISTAKES = [
    ("receiver: oncall", "receiver: oncal", "a.yaml:6: route.routes[0].receiver: there is no receiver 'oncal'; did you mean \"oncall\"?"),
    ("  receiver: team\n", "", "a.yaml:1: route: receiver is required and missing; expected text"),
    ("route:\n", "routes:\n", "a.yaml:1: route is missing; expected the root of the routing tree"),
    ("receivers:", "receiver:", "a.yaml:1: receivers is missing; expected a list of receivers"),
    ("name: oncall", "name: team", "a.yaml:11: receivers[1].name: the receiver 'team' is there twice; rename one"),
    ("group_wait: 1s", "group_wait: 1", "a.yaml:3: route.group_wait: '1' is not a duration; expected one such as 30s or 5m"),
    ("group_interval: 5s", "group_interval: 0s", "a.yaml:4: route.group_interval: '0s' is zero; expected a duration above it"),
    ("group_interval: 5s", "group_intervall: 5s", "a.yaml:4: route.group_intervall: 'group_intervall' is an unknown key; did you mean \"group_interval\"?"),
    ("group_interval: 5s", "group_by: [a, a]", "a.yaml:4: route.group_by[1]: the label 'a' is there twice; remove one"),
    ("group_interval: 5s", "group_by: [a, '...']", "a.yaml:4: route.group_by: '...' (all labels) stands alone; remove the others"),
    ("group_interval: 5s", "matchers: [a=b]", "a.yaml:4: route.matchers: the root route has no matchers; it takes every alert"),
    ("group_interval: 5s", "continue: true", "a.yaml:4: route.continue: the root route cannot continue; remove it"),
    ('[severity="page"]', "[severity]", "a.yaml:7: route.routes[0].matchers[0]: 'severity' is not a matcher; expected one such as severity=\"page\""),
    ('[severity="page"]', "['a=~\"(\"']", "a.yaml:7: route.routes[0].matchers[0]: '(' is no RE2 expression: missing ): ("),
    ('[severity="page"]', "['a=~\"(?=b)\"']", "a.yaml:7: route.routes[0].matchers[0]: '(?=b)' is no RE2 expression: invalid perl operator: (?="),
    ('matchers: [severity="page"]', "match_re: {a: }", "a.yaml:7: route.routes[0].match_re.a: null is not text; expected the label's value"),
    ('matchers: [severity="page"]', "mute_time_intervals: [x]", "a.yaml:7: route.routes[0].mute_time_intervals[0]: there is no time interval 'x'"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{weekdays: [mondy]}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].weekdays[0]: 'mondy' is not known; did you mean \"monday\"?"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{times: [{start_time: '9:00', end_time: '08:00'}]}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].times[0].start_time: '9:00' is not a time; expected one such as 09:30"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{days_of_month: ['0:3']}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].days_of_month[0]: '0:3' is not a range such as 1:31"),
    ("routing_key: x", "routing_key: x, routing_key_file: y", "a.yaml:12: receivers[1].pagerduty_configs[0].routing_key: routing_key and routing_key_file are both set; keep one of them"),
    ("routing_key: x", "send_resolved: maybe", "a.yaml:12: receivers[1].pagerduty_configs[0].send_resolved: 'maybe' is not true or false"),
    ("route:\n", "inhibit_rules: [{source_match_re: {a: }}]\nroute:\n", "a.yaml:1: inhibit_rules[0].source_match_re.a: null is not text; expected the label's value"),
    ("route:\n", "global: {resolve_timeout: x}\nroute:\n", "a.yaml:1: global.resolve_timeout: 'x' is not a duration; expected one such as 30s or 5m"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES, ids=lambda text: text[:30])
def test_mistakes(old: str, new: str, told: str) -> None:
    assert old in ALERTMANAGER
    assert told in errors(ALERTMANAGER.replace(old, new, 1))


def test_keys_of_newer_versions_are_passed_over() -> None:
    text = ALERTMANAGER.replace("route:\n", "brand_new: {a: b}\nroute:\n  zeal: 5\n", 1)
    routing, problems = alertmanager.parse(text, "a.yaml")
    assert routing is not None
    assert [(one.line, one.severity) for one in problems] == [
        (1, "warning"),
        (3, "warning"),
    ]


MATCHERS = [
    ('a="b"', [("a", "=", "b")]),
    ("a = b", [("a", "=", "b")]),
    ("{a='b', c!~d.*}", [("a", "=", "'b'"), ("c", "!~", "d.*")]),
    ('a="x,y",b=~"z\\"q"', [("a", "=", "x,y"), ("b", "=~", 'z"q')]),
    ('"my label"!="\\n"', [("my label", "!=", "\n")]),
    ("ünï=x", [("ünï", "=", "x")]),
    ("{}", []),
    ("a=", [("a", "=", "")]),
]


@pytest.mark.parametrize(("text", "parts"), MATCHERS)
def test_matchers(text: str, parts: list[tuple[str, str, str]]) -> None:
    made = [Matcher(name=name, op=op, value=value) for name, op, value in parts]
    assert matchers.parse(text) == made


@pytest.mark.parametrize("text", ["a", "{a=b", "=b", 'a="b', '""=b', 'a=b"c'])
def test_no_matchers(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        matchers.parse(text)


SAID = [
    ("exit 0", []),
    (
        "echo '  line 15: field nosuch not found in type config.plain' >&2; exit 1",
        [("a.yaml:15: warning: not checked: this amtool is too old for it: "
         "field nosuch not found in type config.plain")],
    ),
    (
        "echo 'FAILED: no global PagerDuty key on pagerduty_config'; exit 1",
        ["a.yaml:12: amtool: no global PagerDuty key on pagerduty_config"],
    ),
    ("echo 'FAILED: something'; exit 1", ["a.yaml:8: amtool: something"]),
    (
        "echo '  line 3: cannot unmarshal'; exit 1",
        ["a.yaml:3: amtool: cannot unmarshal"],
    ),
    (
        "echo 'panic: runtime error' >&2; exit 2",
        ["a.yaml:8: amtool crashes on this file, as Alertmanager would; simplify it"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("script", "told"), SAID)
def test_receivers_are_judged_by_amtool_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: list[str]
) -> None:
    program = tmp_path / "amtool"
    program.write_text(f'#!/bin/sh\n[ "$1" = check-config ] || exit 9\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    path = tmp_path / "a.yaml"
    path.write_text(ALERTMANAGER)
    problems = amtool.judge(str(path))
    assert [str(one).removeprefix(f"{tmp_path}/") for one in problems] == told


def test_without_amtool_receivers_are_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert amtool.judge(str(tmp_path / "a.yaml")) == []
