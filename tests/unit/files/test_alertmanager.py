"""Alertmanager configurations, judged as Alertmanager judges them."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

import os
from pathlib import Path

import pytest

from gameday.files.alertmanager import alertmanager, amtool, matchers
from gameday.model.alerting.alert import InhibitRule, Integration, Matcher, Receiver
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
    email_configs: [{to: b, from: c, smarthost: "d:25", send_resolved: yes}]
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
    messages = [str(problem) for problem in problems if problem.severity == "error"]
    assert (routing is None) == bool(messages)
    return messages


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
        Matcher(name="service", op="=~", value="^(?:a|b)$"),
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


def test_without_the_section_of_receivers_no_name_of_one_is_told() -> None:
    told = errors(FULL.replace("receivers:", "receiver:"))
    assert [line.split(": ", 1)[1] for line in told] == [
        "receiver: 'receiver' is an unknown key; did you mean \"receivers\"?",
        "receivers is missing; expected a list of receivers",
    ]


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
    ('[severity="page"]', "['a=~\"(\"']", "a.yaml:7: route.routes[0].matchers[0]: '(' is no regular expression of RE2: missing ): ("),
    ('[severity="page"]', "['a=~\"(?=b)\"']", "a.yaml:7: route.routes[0].matchers[0]: '(?=b)' is no regular expression of RE2: invalid perl operator: (?="),
    ('matchers: [severity="page"]', "match_re: {a: }", "a.yaml:7: route.routes[0].match_re.a: null is not text; expected the label's value"),
    ('matchers: [severity="page"]', "mute_time_intervals: [x]", "a.yaml:7: route.routes[0].mute_time_intervals[0]: there is no time interval 'x'"),
    ('matchers: [severity="page"]', "mute_time_intervals: [[x]]", "a.yaml:7: route.routes[0].mute_time_intervals[0]: there is no time interval a list"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{weekdays: [mondy]}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].weekdays[0]: 'mondy' is not known; did you mean \"monday\"?"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{times: [{start_time: '9:00', end_time: '08:00'}]}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].times[0].start_time: '9:00' is not a time; expected one such as 09:30"),
    ("route:\n", "time_intervals: [{name: a, time_intervals: [{days_of_month: ['0:3']}]}]\nroute:\n", "a.yaml:1: time_intervals[0].time_intervals[0].days_of_month[0]: '0:3' is not a range such as 1:31 or -3:-1"),
    ("routing_key: x", "routing_key: x, routing_key_file: y", "a.yaml:12: receivers[1].pagerduty_configs[0].routing_key: routing_key and routing_key_file are both set; keep one of them"),
    ("routing_key: x", "send_resolved: maybe", "a.yaml:12: receivers[1].pagerduty_configs[0].send_resolved: 'maybe' is not true or false"),
    ("route:\n", "inhibit_rules: [{source_match_re: {a: }}]\nroute:\n", "a.yaml:1: inhibit_rules[0].source_match_re.a: null is not text; expected the label's value"),
    ("route:\n", "global: {resolve_timeout: x}\nroute:\n", "a.yaml:1: global.resolve_timeout: 'x' is not a duration; expected one such as 30s or 5m"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES, ids=lambda text: text[:30])
def test_mistakes(old: str, new: str, told: str) -> None:
    assert old in ALERTMANAGER
    assert told in errors(ALERTMANAGER.replace(old, new, 1))


def test_what_a_running_alertmanager_took_is_only_read_for_its_routing() -> None:
    text = ALERTMANAGER.replace("route:\n", "brand_new: {a: b}\nroute:\n  zeal: 5\n", 1)
    text = text.replace("routing_key: x", "url: <secret>, brand_new: 1")
    assert len(errors(text)) == 5
    routing, _ = alertmanager.parse(text, "a.yaml", running=True)
    assert routing is not None
    assert routing.receivers[1].integrations == (Integration(kind="pagerduty"),)


def receiver(integration: str, general: str = "") -> str:
    return (
        f"global: {{{general}}}\nroute: {{receiver: r}}\n"
        f"receivers:\n  - name: r\n    {integration}\n"
    )


COMPLETE = [
    ("webhook_configs: [{url: 'http://x/{{ .A }}', max_alerts: 5, payload: [1]}]", ""),
    ("webhook_configs: [{url_file: /x, http_config: {bearer_token: x}}]", ""),
    ("slack_configs: [{channel: a}]", "slack_api_url: http://x"),
    ("slack_configs: [{app_token: a, update_message: true}]", ""),
    ("pagerduty_configs: [{service_key: a, timeout: 1m30s}]", ""),
    ("email_configs: [{to: a, from: b, smarthost: 'c:25', headers: {A: b}}]", ""),
    ("email_configs: [{to: a}]", "smtp_from: b, smtp_smarthost: '[::1]:25'"),
    ("telegram_configs: [{bot_token: a, chat_id: -100}]", ""),
    (
        "webex_configs: [{room_id: a, http_config: {authorization: {credentials: b}}}]",
        "",
    ),
    ("sns_configs: [{topic_arn: a, sigv4: {region: b}}]", ""),
    ("opsgenie_configs: [{api_key: a, responders: [{name: b, type: Team}]}]", ""),
    ("jira_configs: [{api_url: http://x, project: a, issue_type: b, summary: c}]", ""),
    ("mattermost_configs: [{channel: a}]", "mattermost_webhook_url: http://x"),
    (
        (
            "mattermost_configs: [{webhook_url: 'http://x', title: a, color: b, "
            "fields: [{title: a, value: b}]}]"
        ),
        "",
    ),
    ("sns_configs: [{topic_arn: a, sigv4: {}, use_aws_http_client: true}]", ""),
    ("pushover_configs: [{user_key: a, token: b}, ]", ""),
    ("discord_configs: [{webhook_url: <secret>}]", ""),
    ("victorops_configs: [{api_key: a, routing_key: b, custom_fields: {c: d}}]", ""),
    ("webhook_configs: [{url: 'http://x/ y', max_alerts: 1e3, timeout: 0}]", ""),
    ("webhook_configs: [{url: 'http://[::1]:9', max_alerts: 0o17}]", ""),
    ("webex_configs: [{room_id: a, http_config: {authorization: {}}}]", ""),
    (
        (
            "email_configs: [{to: a, from: b, smarthost: 'c:25', auth_password: d, "
            "auth_password_file: /e}]"
        ),
        "",
    ),
]


@pytest.mark.parametrize(("integration", "general"), COMPLETE)
def test_receivers_that_can_send(integration: str, general: str) -> None:
    assert errors(receiver(integration, general)) == []


INCOMPLETE = [
    ("webhook_config: [{url: http://x}]", 'did you mean "webhook_configs"?'),
    ("tomorrows_configs: []", "'tomorrows_configs' is an unknown key"),
    ("webhook_configs: [{}]", "url or url_file is required and missing"),
    ("webhook_configs: [{url: x}]", "is not an address"),
    ("webhook_configs: [{url: http://x, urls: y}]", "'urls' is an unknown key"),
    ("webhook_configs: [{url: http://x, max_alerts: -1}]", "expected 0 or more"),
    ("webhook_configs: [{url: http://x, http_config: {tls: {}}}]", "unknown key"),
    (
        "webhook_configs: [{url: http://x, http_config: {bearer_token: a, basic_auth: {}}}]",
        "basic_auth and bearer_token are both set",
    ),
    ("webhook_configs: [{url: 'http://x:p/'}]", "is not an address"),
    ("webhook_configs: [{url: 'http://[::1/'}]", "is not an address"),
    ("webhook_configs: [{url: 'http://x/%zz'}]", "is not an address"),
    (
        "webhook_configs: [{url: 'http://x/{{ .A | toUpper }}'}]",
        "'toUpper' not defined",
    ),
    ("webhook_configs: [{url: http://x, max_alerts: 1e20}]", "is too large"),
    ("webhook_configs: [{url: http://x, max_alerts: '5'}]", "without quotes"),
    ("webhook_configs: [{url: http://x, timeout: '5'}]", "is not a duration"),
    (
        "webhook_configs: [{url: http://x, http_config: {proxy_url: '::'}}]",
        "is not an address: its scheme is missing",
    ),
    (
        (
            "webhook_configs: [{url: http://x, http_config: "
            "{proxy_connect_header: {A: [b]}}}]"
        ),
        "needs a proxy_url",
    ),
    (
        (
            "webhook_configs: [{url: http://x, http_config: "
            "{http_headers: {user-agent: {values: [b]}}}}]"
        ),
        "is set by the program itself",
    ),
    ("pagerduty_configs: [{routing_key: x, details: y}]", "is not a mapping"),
    ("opsgenie_configs: [{api_key: a, responders: [null]}]", "not a mapping"),
    (
        "opsgenie_configs: [{api_key: a, responders: [{name: b, type: '{{ .x'}]}]",
        "unclosed action",
    ),
    ("rocketchat_configs: [{token: a, token_id: b, actions: [{c: d}]}]", "unknown key"),
    ("sns_configs: [{topic_arn: a, sigv4: {external_id: b}}]", "needs a role_arn"),
    ("telegram_configs: [{bot_token: a, chat_id: 00}]", "0 is no chat"),
    ("slack_configs: [{channel: a}]", "global has no slack_api_url"),
    ("slack_configs: [{api_url: http://x, app_token: a}]", "both set"),
    (
        "slack_configs: [{api_url: http://x, update_message: true}]",
        "needs a bot's token",
    ),
    ("slack_configs: [{api_url: http://x, fields: [{title: a}]}]", "value is required"),
    ("slack_configs: [{api_url: http://x, actions: [{type: a}]}]", "text is required"),
    ("pagerduty_configs: [{client: a}]", "routing_key, service_key"),
    ("pagerduty_configs: [{service_key: a, timeout: 1d}]", "'1d' is not a duration"),
    ("email_configs: [{to: a}]", "global has no smtp_smarthost"),
    ("email_configs: [{to: a, from: b, smarthost: c}]", "'c' is not HOST:PORT"),
    (
        "email_configs: [{to: a, from: b, smarthost: 'c:25', headers: {To: d, TO: e}}]",
        "the header 'TO' is there twice",
    ),
    ("telegram_configs: [{bot_token: a, chat_id: '5'}]", "without quotes"),
    (
        "telegram_configs: [{bot_token: a, chat_id: 5, parse_mode: x}]",
        "'x' is not known",
    ),
    ("webex_configs: [{room_id: a}]", "http_config.authorization is required"),
    ("mattermost_configs: [{webhook_url: 'http://x', fields: [{title: a}]}]", "val"),
    ("sns_configs: [{subject: a}]", "expected exactly one of target_arn"),
    ("sns_configs: [{topic_arn: a, phone_number: b}]", "expected exactly one of"),
    ("opsgenie_configs: [{api_key: a, responders: [{name: b, type: c}]}]", "'c' is no"),
    ("opsgenie_configs: [{api_key: a, teams: b}]", "'teams' is an unknown key"),
    ("jira_configs: [{api_url: http://x, project: a}]", "issue_type is required"),
    ("pushover_configs: [{token: b}]", "user_key or user_key_file is required"),
    ("discord_configs: [{title: a}]", "webhook_url or webhook_url_file is required"),
    ("victorops_configs: [{api_key: a}]", "routing_key is required"),
    ("wechat_configs: [{api_secret: a}]", "global has no wechat_api_corp_id"),
    ("rocketchat_configs: [{token: a}]", "token_id or token_id_file is required"),
]


@pytest.mark.parametrize(("integration", "reason"), INCOMPLETE)
def test_receivers_that_alertmanager_refuses(integration: str, reason: str) -> None:
    messages = errors(receiver(integration))
    assert any(reason in told for told in messages), messages


def test_a_secret_is_never_quoted() -> None:
    for kind in ("slack_configs: [{api_url", "discord_configs: [{webhook_url"):
        (told,) = errors(receiver(f"{kind}: 'T0K3N'}}]"))
        assert "T0K3N" not in told


def test_null_is_no_name() -> None:
    text = "route: {receiver: 'null'}\nreceivers:\n  - name: null\n"
    assert errors(text) == [
        (
            "a.yaml:3: receivers[0].name: null without quotes is no text; "
            "write 'null' if that is the name"
        )
    ]


def time_interval(text: str) -> str:
    return (
        ALERTMANAGER + f"time_intervals: [{{name: a, time_intervals: [{{{text}}}]}}]\n"
    )


INTERVALS = [
    ("weekdays: ['monday:friday', Sunday], location: Europe/Berlin", ""),
    ("days_of_month: ['1:-1', '-3:-1'], months: ['1:3', 'may:august']", ""),
    ("times: [{start_time: '22:00', end_time: '24:00'}], location: UTC", ""),
    ("weekdays: ['friday:monday']", "runs backwards; a week begins on Sunday"),
    ("months: ['november:february']", "runs backwards"),
    ("years: ['2030:2020']", "runs backwards"),
    ("days_of_month: ['-1:3']", "ends at the month's beginning"),
    ("days_of_month: ['20:-20']", "runs backwards"),
    ("days_of_month: [32]", "is not a range such as"),
    ("location: Europe/Berln", "'Europe/Berln' is no time zone"),
    ("times: [{start_time: '22:00', end_time: '06:00'}]", "split it at midnight"),
    ("weekdays: ['1:5']", "'1' is not known"),
    ("weekday: [monday]", 'did you mean "weekdays"?'),
    ("weekdays: [null]", ""),
    ("months: [99999999999]", ""),
]


@pytest.mark.parametrize(("text", "reason"), INTERVALS)
def test_time_intervals(text: str, reason: str) -> None:
    messages = errors(time_interval(text))
    assert any(reason in told for told in messages) if reason else messages == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[severity="page"]', "[null]"),
        ("weekdays: [saturday]", "weekdays: [null]"),
    ],
)
def test_what_is_empty_is_a_warning(old: str, new: str) -> None:
    text = time_interval("weekdays: [saturday]").replace(old, new, 1)
    _, problems = alertmanager.parse(text, "a.yaml")
    assert "warning alertmanager/empty-key" in [
        f"{problem.severity} {problem.id}" for problem in problems
    ]


def test_names_in_a_message_stand_in_one_short_line() -> None:
    name = "'a\\n  b" + "c" * 200 + "'"
    text = ALERTMANAGER.replace("name: oncall", f"name: {name}", 1)
    assert all("\n" not in told and len(told) < 200 for told in errors(text))


def test_an_empty_duration_is_none() -> None:
    text = ALERTMANAGER.replace("group_wait: 1s", "group_wait: ''", 1)
    assert any("is not a duration" in told for told in errors(text))


MATCHERS = [
    ('a="b"', [("a", "=", "b")]),
    ("a = b", [("a", "=", "b")]),
    ("{a='b', c!~d.*}", [("a", "=", "'b'"), ("c", "!~", "d.*")]),
    ('a="x,y",b=~"z\\"q"', [("a", "=", "x,y"), ("b", "=~", 'z"q')]),
    ('"my label"!="\\n"', [("my label", "!=", "\n")]),
    ("ünï=x", [("ünï", "=", "x")]),
    ("{}", []),
    ("a=", [("a", "=", "")]),
    ('{a="b"', [("a", "=", "b")]),  # the classic grammar takes either brace alone
    ('a="b"}', [("a", "=", "b")]),
    ('{"a.b"="c",}', [("a.b", "=", "c")]),
    (r'a="\d"', [("a", "=", r"\d")]),  # UTF-8 would refuse the escape
    (r'a="\t"', [("a", "=", r"\t")]),  # where the grammars differ: the classic one
    ('a=~"[[:alpha:]]+|(?i)b"', [("a", "=~", "[[:alpha:]]+|(?i)b")]),
]


@pytest.mark.parametrize(("text", "parts"), MATCHERS)
def test_matchers(text: str, parts: list[tuple[str, str, str]]) -> None:
    made = [Matcher(name=name, op=op, value=value) for name, op, value in parts]
    assert matchers.parse(text) == made


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "=b",
        'a="b',
        'a=b"c',
        "a=b,,c=d",
        '{"a.b"="c"',
        'a.b="\\d"',
        'é="\\xff"',
        'é="\\ud800"',
    ],
)
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
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in problems] == told


def test_an_older_amtool_only_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "amtool"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "amtool, version 0.25.0 (x)" && exit\n'
        'echo "FAILED: bad matcher format"; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    path = tmp_path / "a.yaml"
    path.write_text(ALERTMANAGER)
    (problem,) = amtool.judge(str(path))
    assert problem.severity == "warning"
    assert problem.message == (
        "amtool 0.25.0, which is older than today's, refuses it: bad matcher format"
    )


def test_without_amtool_receivers_are_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert amtool.judge(str(tmp_path / "a.yaml")) == []
