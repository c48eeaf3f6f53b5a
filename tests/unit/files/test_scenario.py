"""Scenarios: what is read, and what each mistake is told as, with its line."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

from pathlib import Path

import pytest

from gameday.errors import InvalidFile
from gameday.files.scenario import load
from gameday.model.faults.fault import Selection
from gameday.model.scenario import LoadPromise, NoOtherAlerts, Secret
from tests.unit.files.shop import Shop


def test_everything_of_the_example_is_in_the_model(shop: Shop) -> None:
    made = load.scenario(str(shop.scenario), {})
    assert (made.name, made.owner, made.labels) == (
        "survives",
        "payments",
        {"tier": "1"},
    )
    assert made.target.url == "docker://shop"
    assert made.observe.prometheus is not None
    assert made.observe.prometheus.url == "http://127.0.0.1:9090"
    assert made.observe.pages is not None
    assert made.observe.pages.listen == "0.0.0.0:9099"
    assert made.observe.files.alertmanager == str(shop.folder / "am.yaml")
    assert [slo.name for slo in made.slos] == [
        "checkout-availability",
        "checkout-latency",
    ]
    assert made.load is not None
    assert (made.load.rate, made.load.method, made.load.timeout) == (50.0, "GET", 5.0)
    first, second = made.guardrails
    assert (first.name, first.budget_spent) == ("checkout-availability", 0.05)
    assert (second.hold, second.every) == (5.0, None)
    assert (made.blast_radius.at_most, made.blast_radius.share) == (1, 0.34)
    (step,) = made.steps
    assert (step.name, step.hold, step.line) == ("lose-a-replica", 45.0, 23)
    (promise,) = step.expect.alerts
    assert promise.page_resolves_within == 120.0
    assert (promise.reaches, promise.line) == (("oncall",), 29)
    assert step.expect.slos[0].spends_at_most == 0.02
    assert (step.expect.heals_within, step.expect.recovers_within) == (20.0, 60.0)


def test_how_a_load_connects_and_whom_it_feeds(shop: Shop) -> None:
    made = load.scenario(str(shop.scenario), {}).load
    assert made is not None
    assert (made.connections, made.redirects, made.feeds) == ("reuse", False, ())
    more = "connections: fresh\n  redirects: true\n  feeds: [checkout-availability]"
    shop.change("rate: 50/s", f"rate: 50/s\n  {more}")
    made = load.scenario(str(shop.scenario), {}).load
    assert made is not None
    assert (made.connections, made.redirects) == ("fresh", True)
    assert made.feeds == ("checkout-availability",)


def test_with_and_the_target_replace_the_configuration(shop: Shop) -> None:
    (step,) = load.scenario(str(shop.scenario), {"GAMEDAY_TARGET": "local://x"}).steps
    assert step.experiment.document["configuration"] == {
        "target": "docker://shop",
        "service": "web",
        "count": 1,
    }
    (fault,) = step.experiment.faults
    assert fault.kind == "process.stop"
    assert fault.selection == Selection(service="web", count=1)


METRICS = "      metrics:\n        - {promql: 'queue < 10', %s}\n"

MISTAKES = [
    ("fires_within: 30s", "fires_within: 30", "31: steps[0].expect.alerts[0].fires_within: 30 is a bare number; write it with its unit, such as 30s"),
    ("fires_within: 30s", "fires_in: 30s", "31: steps[0].expect.alerts[0].fires_in: 'fires_in' is an unknown key; did you mean \"fires_within\"?"),
    ("hold: 45s", "hold: soon", "26: steps[0].hold: 'soon' is not a duration; write it with its unit, such as 500ms, 30s, 5m or 1h30m"),
    ("hold: 45s", "hold: 0s", "26: steps[0].hold: '0s' is zero; expected a duration above it"),
    ("hold: 45s", "manual: ask", "26: steps[0].manual: 'manual' is not supported yet"),
    ("hold: 45s", "hold:", "26: steps[0].hold: is empty; give it a value or remove the key"),
    ("kind: Scenario", "kind: GameDay", "2: kind: 'GameDay' is not supported yet; expected Scenario"),
    ("kind: Scenario", "kind: Scenaro", "2: kind: 'Scenaro' is not known; did you mean \"Scenario\"?"),
    ("gameday/v1", "gameday/v2", "1: apiVersion: 'gameday/v2' is not known; did you mean \"gameday/v1\"?"),
    ("holds", "hold", "37: steps[0].expect.steady_state: 'hold' is not known; did you mean \"holds\"?"),
    ("share: 34%", "share: 0.34", "21: blast_radius.share: 0.34 is a bare number; write a share such as 34%"),
    ("share: 34%", "share: 134%", "21: blast_radius.share: '134%' is not above 0% and at most 100%"),
    ("at_most: 1", "at_most: true", "21: blast_radius.at_most: true is not a whole number of 0 or more"),
    ("rate: 50/s", "rate: 50", "17: load.rate: 50 is a bare number; write a rate such as 50/s"),
    ("rate: 50/s", "timeout: 5s", "15: load: rate is required with url and missing; write one such as 50/s"),
    ("rate: 50/s", "command: [k6]", "15: load: expected exactly one of url and command"),
    ("name: survives", "name: 5", "4: metadata.name: 5 is not text; write it in quotes"),
    ('tier: "1"', "tier: 1", "6: metadata.labels.tier: 1 is not text; write it in quotes"),
    ("docker: {project: shop}", "docker: shop", "8: target.docker: 'shop' is not a mapping; expected a mapping"),
    ("docker: {project: shop}", "local: {supervisor: a}\n  docker: {project: b}", "7: target: names docker and local; expected exactly one of them"),
    ("docker: {project: shop}", "docker: {project: a, host: b, context: c}", "8: target.docker: names host and context; expected at most one of them"),
    ("prometheus: http://127.0.0.1:9090", "prometheus: [http://a]", "10: observe.prometheus: a list of Prometheus servers is not supported yet; name one"),
    ("prometheus: http://127.0.0.1:9090", "prometheus: 127.0.0.1:9090", "10: observe.prometheus: '127.0.0.1:9090' is not an HTTP URL; expected one such as http://127.0.0.1:9090"),
    ('listen: "0.0.0.0:9099"', "listen: 9099", '12: observe.pages.listen: 9099 is not HOST:PORT, such as "0.0.0.0:9099"'),
    ('listen: "0.0.0.0:9099"', 'listen: "a:1", from: "http://b"', "12: observe.pages: names listen and from; expected exactly one of them"),
    ("stop_when: {budget_spent: 5%}", "every: 5s", "19: guardrails[0]: stop_when is required with slo and missing; write one such as {budget_spent: 5%}"),
    ("for: 5s", "stop_when: {burn_rate: 2}", "20: guardrails[1].stop_when: stop_when goes with slo, not with promql; remove it"),
    ("slo: checkout-availability, stop", "slo: checkout-avaliability, stop", "19: guardrails[0].slo: there is no SLO 'checkout-avaliability'; did you mean \"checkout-availability\"?"),
    ("sum(rate(http_requests_total[10s])) < 1", "sum(rate(x)", "20: guardrails[1].promql: is not valid PromQL: unclosed left parenthesis"),
    ("count: 1}\n    hold", "cuont: 1}\n    hold", "25: steps[0].with.cuont: the experiment's configuration has no key 'cuont'; it has count, service and target; did you mean \"count\"?"),
    ("count: 1}\n    hold", "count: two}\n    hold", "25: steps[0].with.count: 'two' is not a whole number, as the default 2 is"),
    ("../experiments/stop.yaml", "../experiments/stopp.yaml", "24: steps[0].experiment: {folder}/experiments/stopp.yaml: there is no such file; correct the path"),
    ("          reaches: oncall\n", "", "32: steps[0].expect.alerts[0].pages_within: pages_within needs reaches, the receiver that is paged; add it"),
    ("alert: WebReplicaDown", "alert: [WebReplicaDown]", "29: steps[0].expect.alerts[0].alert: a list is not text; expected text"),
    ("reaches: oncall", "reaches: []", "32: steps[0].expect.alerts[0].reaches: is an empty list; expected at least one receiver"),
    ("reaches: oncall", "reaches: [oncall, oncall]", "32: steps[0].expect.alerts[0].reaches: 'oncall' is named twice; name each receiver once"),
    ("reaches: oncall", "reaches: [oncall, 5]", "32: steps[0].expect.alerts[0].reaches: 5 is not text; write it in quotes"),
    ("reaches: oncall", "victims: all", "32: steps[0].expect.alerts[0].victims: 'all' is not known; expected any or each"),
    ("      heals_within", METRICS % "holds: always" + "      heals_within", "41: steps[0].expect.metrics[0].holds: 'always' is not known; expected after, during or throughout"),
    ("      heals_within", METRICS % "holds: during, within: 60s" + "      heals_within", "41: steps[0].expect.metrics[0].within: within goes with holds: after, not with during; remove it"),
    ("      heals_within", METRICS % "within: 60s" + "      heals_within", "41: steps[0].expect.metrics[0].within: within goes with holds: after, not with throughout; remove it"),
    ("      heals_within", "      metrics: [{promql: 'sum(q'}]\n      heals_within", "40: steps[0].expect.metrics[0].promql: is not valid PromQL: unclosed left parenthesis"),
    ("      heals_within", "      metrics: [{promql: sum(q)}]\n      heals_within", "40: steps[0].expect.metrics[0].promql: 'sum(q)' compares nothing, so it cannot hold or not hold; write a comparison such as queue_depth < 10"),
    ("      heals_within", METRICS % "name: q < 1" + "        - {promql: q < 1}\n      heals_within", "42: steps[0].expect.metrics[1]: 'q < 1' is promised in line 41 too, and their findings could not be told apart; give each a name of its own"),
    ("      heals_within", "      load: {}\n      heals_within", "40: steps[0].expect.load: asks nothing of the load; add fails_at_most or p99_within"),
    ("      heals_within", "      load: {p99_within: 500}\n      heals_within", "40: steps[0].expect.load.p99_within: 500 is a bare number; write it with its unit, such as 30s"),
    ("budget_spent: 5%", "burn_rate: -1", "19: guardrails[0].stop_when.burn_rate: -1 is no burn rate; expected one such as 14.4"),
    ("budget_spent: 5%", "burn_rate: 2, budget_spent: 5%", "19: guardrails[0].stop_when: names budget_spent and burn_rate; expected exactly one of them"),
    ("at_most: 1", "foreign_actions: maybe", "21: blast_radius.foreign_actions: 'maybe' is not true or false"),
    ("rate: 50/s", "rate: 0/s", "17: load.rate: '0/s' is zero; expected a rate above it"),
    ("rate: 50/s", "rate: 50/s\n  method: FETCH", "18: load.method: 'FETCH' is not an HTTP method, such as GET or POST"),
    ("{promql:", "{http: {uri: 'http://a'}, promql:", "20: guardrails[1]: expected exactly one of slo, promql, http or alert"),
    ("rate: 50/s", "rate: 50/s\n  connections: new", "18: load.connections: 'new' is not known; expected fresh or reuse"),
    ("rate: 50/s", "rate: 50/s\n  feeds: [checkout-avaliability]", "18: load.feeds[0]: there is no SLO 'checkout-avaliability'; did you mean \"checkout-availability\"?"),
    ("url: http://127.0.0.1:8080/checkout\n  rate: 50/s", "command: [k6]\n  feeds: [checkout-availability]", "17: load.feeds: feeds goes with url, not with command; remove it"),
    ("spends_at_most: 2%", "spends_at_most: 2", "39: steps[0].expect.slos[0].spends_at_most: 2 is a bare number; write a share such as 34%"),
    ("no_other_alerts: true", "no_other_alerts: {matchin: {a: b}}", "36: steps[0].expect.no_other_alerts.matchin: 'matchin' is an unknown key; did you mean \"matching\"?"),
    ("../slos/latency.yaml", "../slos/checkout.yaml", "14: slos[1]: the SLO 'checkout-availability' is in two of these files"),
    ("pages: {listen", "pages: {form: http://a, listen", "12: observe.pages.form: 'form' is an unknown key; did you mean \"from\"?"),
    ("pages: {listen", "prometheuss: http://a\n  pages: {listen", "12: observe.prometheuss: 'prometheuss' is an unknown key; did you mean \"prometheus\"?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES, ids=lambda text: text[:40])
def test_each_mistake_has_its_line_and_says_what_to_do(
    shop: Shop, old: str, new: str, told: str
) -> None:
    shop.change(old, new)
    told = told.replace("{folder}", str(shop.folder))
    assert f"scenarios/s.yaml:{told}" in shop.said()


def test_all_problems_of_all_files_are_told_at_once(shop: Shop) -> None:
    shop.change("fires_within: 30s", "fires_within: 30")
    shop.change("title: it", "titel: it", "experiments/stop.yaml")
    shop.change("duration: 30d", "duration: soon", "slos/checkout.yaml")
    shop.change("for: 5s", "fro: 5s", "rules.yaml")
    shop.change("receiver: oncall", "receiver: nobody", "am.yaml")
    shop.change("evaluation_interval: 1s", "evaluation_interval: x", "prom.yaml")
    with pytest.raises(InvalidFile) as raised:
        load.scenario(str(shop.scenario), {})
    told = shop.told(list(raised.value.problems))
    files = {line.split(":")[0] for line in told}
    assert files == {
        "scenarios/s.yaml",
        "experiments/stop.yaml",
        "slos/checkout.yaml",
        "rules.yaml",
        "am.yaml",
        "prom.yaml",
    }


def test_a_hold_longer_than_the_faults_duration_is_refused(shop: Shop) -> None:
    shop.change('"${count}"}', '"${count}", duration: 40s}', "experiments/stop.yaml")
    assert shop.said() == [
        "scenarios/s.yaml:26: steps[0].hold: 45s is longer than the fault's duration 40s"
    ]


def test_promises_longer_than_the_faults_duration_are_refused(shop: Shop) -> None:
    shop.change('"${count}"}', '"${count}", duration: 40s}', "experiments/stop.yaml")
    shop.change("    hold: 45s\n", "")
    assert shop.said() == [
        (
            "scenarios/s.yaml:23: steps[0]: the promises take up to 45s, longer than the "
            "fault's duration 40s"
        )
    ]


def test_hold_is_required_where_nothing_is_awaited(shop: Shop) -> None:
    text = shop.scenario.read_text()
    start, end = text.index("      alerts:"), text.index("      no_other_alerts")
    shop.write("scenarios/s.yaml", text[:start] + text[end:])
    assert shop.said() == []
    shop.change("    hold: 45s\n", "")
    (told,) = shop.said()
    assert told.startswith("scenarios/s.yaml:23: steps[0]: hold is required where")


def test_an_alert_promised_twice_and_one_that_asks_nothing(shop: Shop) -> None:
    first = "        - alert: WebReplicaDown\n          labels: {severity: page}\n"
    shop.change(first, first * 2)
    told = shop.said()
    assert any(
        ":29: " in line and "asks nothing of this alert" in line for line in told
    )
    assert any(":31: " in line and "promised twice" in line for line in told)


def test_step_names_default_to_the_files_stem_and_are_unique(shop: Shop) -> None:
    text = shop.scenario.read_text()
    step = text[text.index("  - name: lose-a-replica") :]
    shop.write("scenarios/s.yaml", text + step)
    assert shop.said() == [
        (
            "scenarios/s.yaml:42: steps[1]: the step name 'lose-a-replica' is used twice "
            "(also in line 23); give each step a name of its own"
        )
    ]
    shop.change("  - name: lose-a-replica\n    experiment", "  - experiment")
    made = load.scenario(str(shop.scenario), {})
    assert [loaded_step.name for loaded_step in made.steps] == [
        "stop",
        "lose-a-replica",
    ]


def test_names_from_the_environment(shop: Shop) -> None:
    shop.change("project: shop", "project: '${PROJECT}'")
    shop.change("at_most: 1", "at_most: '${MOST}'")
    shop.change("owner: payments", "owner: $${NOT_THIS}")
    assert shop.said({"MOST": "1"}) == [
        (
            "scenarios/s.yaml:8: the environment variable PROJECT is not set; "
            "set it, or give it with --env FILE"
        )
    ]
    made = load.scenario(str(shop.scenario), {"PROJECT": "other", "MOST": "3"})
    assert made.target.name == "other"
    assert made.blast_radius.at_most == 3
    assert made.owner == "${NOT_THIS}"


def test_an_unset_name_of_the_experiment_is_an_error_in_a_scenario(shop: Shop) -> None:
    shop.change("count: 2", "count: {type: env, key: COUNT}", "experiments/stop.yaml")
    shop.change(", count: 1}\n", "}\n")
    assert shop.said() == [
        (
            "experiments/stop.yaml:8: configuration.count: the environment variable COUNT "
            "is not set, and has no default"
        ),
        (
            "experiments/stop.yaml:23: warning: method[0].provider.arguments.count: "
            "not checked: the value of count is only known in a run"
        ),
    ]
    (step,) = load.scenario(str(shop.scenario), {"COUNT": "3"}).steps
    assert step.experiment.faults[0].selection.count == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://joe:hunter2@127.0.0.1:9090",
        "http://hunter2@127.0.0.1:9090",
        "http://joe:hunter2@127.0.0.1:port",
        "ftp://joe:hunter2@127.0.0.1",
    ],
)
def test_a_password_in_a_url_is_refused_and_never_repeated(
    shop: Shop, url: str
) -> None:
    shop.change("http://127.0.0.1:9090", url)
    told = "\n".join(shop.said())
    assert "scenarios/s.yaml:10: observe.prometheus" in told
    assert "hunter2" not in told


def test_a_password_of_the_docker_host_is_refused_and_never_repeated(
    shop: Shop,
) -> None:
    host = "{project: shop, host: 'ssh://joe:hunter2@example.org'}"
    shop.change("{project: shop}", host)
    (told,) = shop.said()
    assert told.startswith("scenarios/s.yaml:8: target.docker.host: the URL holds")
    assert "hunter2" not in told


def test_a_password_from_the_environment_is_not_repeated_either(shop: Shop) -> None:
    shop.change("http://127.0.0.1:9090", "http://joe:${SECRET}@127.0.0.1:9090")
    told = "\n".join(shop.said({"SECRET": "hunter2"}))
    assert "the URL holds credentials" in told
    assert "hunter2" not in told


ENDPOINT = """{url: http://127.0.0.1:9090,
    auth: {username: joe, password: %s},
    headers: {X-Scope: shop, Authorization: %s}, tls: {ca: ca.pem, verify: false}}"""


def test_an_endpoint_with_secrets(shop: Shop) -> None:
    text = ENDPOINT % ("{env: PASSWORD}", "{file: token}")
    shop.change("http://127.0.0.1:9090", text)
    endpoint = load.scenario(str(shop.scenario), {}).observe.prometheus
    assert endpoint is not None
    folder = shop.folder / "scenarios"
    assert endpoint.auth == {"username": "joe", "password": Secret(env="PASSWORD")}
    assert endpoint.headers == {
        "X-Scope": "shop",
        "Authorization": Secret(file=str(folder / "token")),
    }
    assert endpoint.tls == {"ca": str(folder / "ca.pem"), "verify": False}


def test_a_secret_that_is_written_out_is_refused_and_never_repeated(shop: Shop) -> None:
    shop.change("http://127.0.0.1:9090", ENDPOINT % ("hunter2", "Bearer hunter2"))
    told = shop.said()
    assert [line.split(": ")[1] for line in told] == [
        "observe.prometheus.auth.password",
        "observe.prometheus.headers.Authorization",
    ]
    assert "hunter2" not in "\n".join(told)


def test_foreign_actions_have_to_be_allowed(shop: Shop) -> None:
    action = """\
  - type: action
    name: theirs
    provider: {type: python, module: chaosk8s.pod.actions, func: terminate_pods}
rollbacks:"""
    shop.change("\nrollbacks:", "\n" + action, "experiments/stop.yaml")
    told, *warnings = sorted(shop.said(), key=lambda line: "warning: " in line)
    assert all(
        "warning: " in warning for warning in warnings
    )  # test_foreign.py has them
    assert told.startswith(
        "scenarios/s.yaml:24: steps[0].experiment: this experiment does "
        "'chaosk8s.pod.actions.terminate_pods', whose reach gameday cannot know"
    )
    shop.change("at_most: 1", "at_most: 1, foreign_actions: true")
    (step,) = load.scenario(str(shop.scenario), {}).steps
    assert step.experiment.foreign == ("chaosk8s.pod.actions.terminate_pods",)


TOXIC = """
  - type: probe
    name: too early
    provider: {type: process, path: "true"}
  - type: action
    name: theirs
    provider: {type: python, module: chaosk8s.pod.actions, func: terminate_pods}
  - type: probe
    name: the proxy has the toxic
    provider: {type: process, path: "true"}
rollbacks:"""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("the proxy has a toxic", "no probe 'the proxy has a toxic'; did you mean"),
        ("too early", "'too early' is asked before any action of another extension"),
        ("theirs", "the experiment has no probe 'theirs'"),
    ],
)
def test_a_step_names_a_probe_of_its_experiment_or_is_refused(
    shop: Shop, name: str, why: str
) -> None:
    shop.change("at_most: 1", "at_most: 1, foreign_actions: true")
    shop.change("\nrollbacks:", TOXIC, "experiments/stop.yaml")
    shop.change("hold: 45s", f"bites: {name}\n    hold: 45s")
    (told,) = (line for line in shop.said() if "warning: " not in line)
    assert told.startswith("scenarios/s.yaml:26: steps[0].bites: ")
    assert why in told


@pytest.mark.parametrize("name", ["the proxy has the toxic", "answers"])
def test_a_probe_of_the_method_or_the_hypothesis_shows_the_effect(
    shop: Shop, name: str
) -> None:
    shop.change("at_most: 1", "at_most: 1, foreign_actions: true")
    shop.change("\nrollbacks:", TOXIC, "experiments/stop.yaml")
    shop.change("hold: 45s", f"bites: {name}\n    hold: 45s")
    assert load.scenario(str(shop.scenario), {}).steps[0].bites == name


def test_our_own_faults_need_no_probe(shop: Shop) -> None:
    shop.change("hold: 45s", "bites: answers\n    hold: 45s")
    (told,) = shop.said()
    assert "gameday proves itself that its own faults bite" in told


def test_the_short_name_of_a_sloth_slo(shop: Shop) -> None:
    shop.change("slo: checkout-availability, spends", "slo: latency, spends")
    made = load.scenario(str(shop.scenario), {})
    named = made.slo(made.steps[0].expect.slos[0].slo)
    assert named is not None
    assert named.name == "checkout-latency"


def test_an_slo_that_cannot_be_measured_says_why_where_it_is_used(shop: Shop) -> None:
    shop.change("sum(rate(seconds_count", "max(rate(seconds_count", "slos/latency.yaml")
    assert [line.split(":")[2] for line in shop.said()] == [" warning"]
    shop.change("slo: checkout-availability, spends", "slo: latency, spends")
    assert (
        "scenarios/s.yaml:39: steps[0].expect.slos[0].slo: the SLO 'latency' cannot be "
        "measured: max() is no sum of counters"
    ) in shop.said()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("false", NoOtherAlerts(asked=False)),
        (
            "{matching: {team: web}, except: [NodeClockSkew]}",
            NoOtherAlerts(matching={"team": "web"}, except_=("NodeClockSkew",)),
        ),
    ],
)
def test_no_other_alerts(shop: Shop, written: str, read: NoOtherAlerts) -> None:
    shop.change("no_other_alerts: true", f"no_other_alerts: {written}")
    (step,) = load.scenario(str(shop.scenario), {}).steps
    assert step.expect.no_other_alerts == read


GUARDRAILS = """\
  - {slo: latency, stop_when: {burn_rate: 14.4}, every: 5s, grace: 1m}
  - {http: {url: "http://127.0.0.1:1/healthz"}}
  - {http: "http://127.0.0.1:1/healthz"}
  - {name: mine, alert: ShopDown}
"""


def test_all_kinds_of_guardrails(shop: Shop) -> None:
    shop.change("guardrails:\n", "guardrails:\n" + GUARDRAILS)
    made = load.scenario(str(shop.scenario), {}).guardrails
    assert (made[0].burn_rate, made[0].every, made[0].grace) == (14.4, 5.0, 60.0)
    url = "http://127.0.0.1:1/healthz"
    assert [guardrail.http for guardrail in made[1:3]] == [url, url]
    assert [guardrail.name for guardrail in made[1:3]] == [url, f"{url} (2)"]
    assert (made[3].name, made[3].alert) == ("mine", "ShopDown")


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("docker: {project: a, host: ssh://b}", "docker://a?host=ssh%3A%2F%2Fb"),
        ("local: {supervisor: run/s.sock}", "local://run%2Fs.sock"),
        ("kubernetes: {context: a/b, namespace: c}", "kubernetes://a%2Fb/c"),
    ],
)
def test_targets(shop: Shop, written: str, url: str) -> None:
    shop.change("docker: {project: shop}", written)
    assert load.scenario(str(shop.scenario), {}).target.url == url


def test_a_load_by_command(shop: Shop) -> None:
    load_key = "  url: http://127.0.0.1:8080/checkout\n  rate: 50/s\n"
    shop.change(load_key, "  command: [k6, run, x.js]\n")
    made = load.scenario(str(shop.scenario), {}).load
    assert made is not None
    assert made.command == ("k6", "run", "x.js")
    shop.change("[k6, run, x.js]", "[k6]\n  rate: 5/s")
    assert shop.said() == [
        "scenarios/s.yaml:17: load.rate: rate goes with url, not with command; remove it"
    ]


def test_a_second_document_is_refused(shop: Shop) -> None:
    shop.write("scenarios/s.yaml", shop.scenario.read_text() + "---\na: 1\n")
    assert shop.said() == [
        "scenarios/s.yaml:43: a second document; a scenario is one file with one document"
    ]


def test_paths_stay_as_they_are_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    made = load.scenario("scenarios/s.yaml", {})
    assert made.steps[0].experiment.path == "experiments/stop.yaml"
    assert {slo.path for slo in made.slos} == {
        str(Path("slos/checkout.yaml")),
        str(Path("slos/latency.yaml")),
    }


TWIN = "        - {alert: WebReplicaDown, labels: %s, fires_within: 30s}\n"


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("{severity: ticket}", []),
        ("{severity: ticket, team: web}", []),
        ("{team: web}", ["the labels of both"]),
        ("{severity: page, team: web}", ["the labels of both"]),
        ("{}", ["the labels of both"]),
        ("{severity: page}", ["promised twice in this step (also in line 29)"]),
    ],
)
def test_two_promises_of_one_alert_need_labels_that_exclude_each_other(
    shop: Shop, labels: str, told: list[str]
) -> None:
    shop.change("      no_other_alerts", TWIN % labels + "      no_other_alerts")
    said = shop.said()
    assert len(said) == len(told)
    assert all(part in line for part, line in zip(told, said, strict=True))


@pytest.mark.parametrize("name", ["latency", "checkout-latency"])
def test_an_slo_is_promised_once_in_a_step_by_whatever_name(
    shop: Shop, name: str
) -> None:
    promised = "        - {slo: checkout-latency, spends_at_most: 1%}\n"
    shop.change("      heals_within", promised + "      heals_within")
    assert shop.said() == []
    again = f"        - {{slo: {name}, spends_at_most: 2%}}\n"
    shop.change("      heals_within", again + "      heals_within")
    (said,) = shop.said()
    assert "the SLO 'checkout-latency' is promised twice in this step" in said


def test_several_receivers_are_read_in_their_order(shop: Shop) -> None:
    shop.change("reaches: oncall", "reaches: [oncall, team]")
    (step,) = load.scenario(str(shop.scenario), {}).steps
    (promise,) = step.expect.alerts
    assert promise.reaches == ("oncall", "team")
    assert promise.victims == "each"


def test_promises_about_metrics_and_the_load_are_read(shop: Shop) -> None:
    lines = (
        "      metrics:\n"
        "        - {promql: 'queue < 10', holds: after, within: 60s, name: drained}\n"
        "        - promql: up == 1\n"
        "      load: {fails_at_most: 1%, p99_within: 500ms}\n"
    )
    shop.change("      heals_within", lines + "      heals_within")
    (step,) = load.scenario(str(shop.scenario), {}).steps
    drained, up = step.expect.metrics
    assert (drained.subject, drained.holds, drained.within) == (
        "drained",
        "after",
        60.0,
    )
    assert (up.subject, up.holds, up.within, up.line) == (
        "up == 1",
        "throughout",
        None,
        42,
    )
    assert up.conditions[0].truth == "(up) == bool (1)"
    assert step.expect.load == LoadPromise(fails_at_most=0.01, p99_within=0.5, line=43)


def test_a_promise_about_the_load_needs_a_load_that_tells(shop: Shop) -> None:
    shop.change(
        "      heals_within", "      load: {fails_at_most: 1%}\n      heals_within"
    )
    shop.change(
        "  url: http://127.0.0.1:8080/checkout\n  rate: 50/s\n", "  command: [k6]\n"
    )
    (said,) = shop.said()
    assert "a load with command does not tell gameday" in said
    shop.change("load:\n  command: [k6]\n", "")
    (said,) = shop.said()
    assert "the scenario has no load; add one with url and rate" in said


def test_a_share_of_more_than_the_whole_budget_is_a_warning(shop: Shop) -> None:
    shop.change("spends_at_most: 2%", "spends_at_most: 120%")
    (said,) = shop.said()
    assert said == (
        "scenarios/s.yaml:39: warning: steps[0].expect.slos[0].spends_at_most: 120% is "
        "more than the SLO's whole error budget; is that meant?"
    )
    shop.change("spends_at_most: 120%", "spends_at_most: 100%")
    assert shop.said() == []
