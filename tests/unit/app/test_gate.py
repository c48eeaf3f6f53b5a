"""`gameday gate` as a user, Argo Rollouts and Flagger ask it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.app.evidence import coverage
from gameday.app.evidence.gate import GateRequest, Gates, overrides, read_policies
from gameday.app.evidence.gate_server import GateServer
from gameday.cli.main import main
from gameday.clock import SystemClock
from gameday.errors import UsageError
from gameday.regressions import baseline
from gameday.regressions.measure import observed
from gameday.store.plans import from_json, to_json
from tests.builders import objective
from tests.conftest import ROOT
from tests.unit.app.test_coverage import stored
from tests.unit.observers.fake import serving
from tests.unit.observers.fake_prometheus import FakePrometheus

POLICY = """\
apiVersion: gameday/v1
kind: GatePolicy
metadata: {name: shop}
proof: {max_age: 5200w}
regressions: fail
"""
SLO = """\
version: prometheus/v1
service: checkout
slos:
  - name: availability
    objective: 99
    sli:
      events:
        error_query: sum(rate(requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
"""


@pytest.fixture(autouse=True)
def _policy(own_folder: Path) -> None:
    (own_folder / "policy.yaml").write_text(POLICY)


def gate(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["gate", *words])
    return int(str(left.value.code))


def test_without_evidence_it_is_inconclusive(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert gate("--policy", "policy.yaml") == 3
    assert "inconclusive: shop" in capsys.readouterr().out
    assert gate() == 3


def test_a_proven_rule_and_a_run_that_passed_open_it() -> None:
    place = stored()
    verdict = json.loads((place / "verdict.json").read_text())
    for finding in verdict["findings"]:
        finding["outcome"] = "pass"
    (place / "verdict.json").write_text(json.dumps(verdict))
    assert gate("artifacts", "--policy", "policy.yaml") == 0


def test_without_a_policy_the_slos_of_downloaded_runs_are_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = stored()
    plan = from_json((place / "plan.json").read_text(), "plan")
    scenario = replace(plan.scenario, slos=(objective("checkout"),))
    (place / "plan.json").write_text(to_json(replace(plan, scenario=scenario)))
    assert gate("artifacts", "-o", "json") != 0
    reasons = json.loads(capsys.readouterr().out)["reasons"]
    asked = [reason for reason in reasons if reason["question"] == "budget_left"]
    assert [(reason["subject"], reason["outcome"]) for reason in asked] == [
        ("checkout", "inconclusive")
    ]


def test_a_damaged_record_of_a_run_leaves_it_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = stored("artifacts/b") / "verdict.json"
    verdict.write_text(verdict.read_text()[:50])
    assert gate("artifacts", "--policy", "policy.yaml") == 3
    assert "artifacts/b" in capsys.readouterr().out


def test_the_committed_baseline_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The same run, and a baseline in which it was much quicker."""
    place = stored()
    verdict = json.loads((place / "verdict.json").read_text())
    for finding in verdict["findings"]:
        finding["outcome"] = "pass"
    (place / "verdict.json").write_text(json.dumps(verdict))
    past = coverage.read_pasts(["artifacts"])[0][0]
    known = [observation.measure for observation in observed(past.plan, past.verdict)]
    quick = [
        replace(
            measure,
            earliest=0.0,
            latest=0.1,
            samples=tuple(
                replace(sample, run="earlier", measured=0.01)
                for sample in measure.samples
            ),
        )
        for measure in known
    ]
    assert quick
    Path("gameday-baseline.json").write_text(baseline.render(quick))
    assert gate("artifacts", "--policy", "policy.yaml") == 1
    assert "fires_within WebReplicaDown: worse" in capsys.readouterr().out
    Path("policy.yaml").write_text(POLICY.replace("fail", "ignore"))
    assert gate("artifacts", "--policy", "policy.yaml") == 0


def test_an_override_is_recorded_and_holds_until_it_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--by", "ann", "--because", "hotfix", "--until", "2999-01-01")
    assert gate("--policy", "policy.yaml", *words, "-o", "json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["outcome"] == "inconclusive"
    assert shown["overridden"]["because"] == "hotfix"
    (kept,) = overrides()
    assert (kept.gate, kept.by) == ("shop", "ann")
    assert gate("--policy", "policy.yaml") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "ann"], "needs --by, --because and --until"),
        (["--by", "a", "--because", "b", "--until", "2001-01-01"], "is over already"),
        (["--by", "a", "--because", "b", "--until", "soon"], "is not a date"),
        (["--policy", "nowhere.yaml"], "there is no such file"),
        (
            ["--policy", "broken.yaml"],
            "broken.yaml:4: budget: 'budget' is an unknown key",
        ),
        (["--serve", "--listen", "0.0.0.0:0"], "--token-file"),
        (["--serve", "--listen", "here"], "is not HOST:PORT"),
        (["--serve", "--listen", "127.0.0.1:99999"], "is not HOST:PORT"),
        (["--serve", "--listen", "::1:9095"], 'such as "[::1]:9099"'),
        (["--serve", "--by", "a"], "of its own"),
        (["--serve", "--token-file", "nowhere"], "there is no such file"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_message(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.yaml").write_text(
        POLICY.replace("proof: {max_age: 5200w}", "budget: 3")
    )
    assert gate(*words) == 2
    assert said in capsys.readouterr().err


def test_a_budget_is_counted_in_prometheus(capsys: pytest.CaptureFixture[str]) -> None:
    Path("slo.yaml").write_text(SLO)
    slo = "slos: [{slo: slo.yaml, budget_left: 50%, window: 100s}]\n"
    Path("policy.yaml").write_text(POLICY + slo)
    fake = FakePrometheus()
    fake.metrics += "prometheus_tsdb_lowest_timestamp_seconds 1\n"
    times = [(900.0 + second, second) for second in range(-100, 101)]
    total = [({"job": "a"}, [(at, 1000.0 + second) for at, second in times])]
    bad = [({"job": "a", "code": "500"}, [(at, s / 250) for at, s in times])]
    fake.selected["requests_total"] = total
    fake.selected['requests_total{code=~"5.."}'] = bad
    with serving(fake.answer) as server:
        gate("--policy", "policy.yaml", "--prometheus", server.url, "-o", "json")
    shown = json.loads(capsys.readouterr().out)
    (left,) = [
        reason for reason in shown["reasons"] if reason["question"] == "budget_left"
    ]
    assert left["measured"] == pytest.approx(0.6)
    assert left["outcome"] == "pass"


# --- over HTTP --------------------------------------------------------------------


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[GateServer]:
    token = getattr(request, "param", "")
    gates = Gates(
        policies=read_policies(["policy.yaml"]),
        clock=SystemClock(),
        wish=GateRequest(),
    )
    served = GateServer(gates, "127.0.0.1:0", token)
    thread = threading.Thread(target=served.serve, daemon=True)
    thread.start()
    yield served
    served.stop()
    thread.join()


def ask(
    server: GateServer, method: str, path: str, body: Any = None, token: str = ""
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = None if body is None else json.dumps(body)
    connection.request(method, path, body=text, headers=headers)
    answer = connection.getresponse()
    reply = json.loads(answer.read())
    connection.close()
    return answer.status, reply


def test_a_get_is_always_200_with_the_outcome(server: GateServer) -> None:
    status, reply = ask(server, "GET", "/v1/gate/shop")
    assert (status, reply["outcome"]) == (200, "inconclusive")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/gate/other"), ("GET", "/"), ("POST", "/v1/other")],
)
def test_what_is_not_known_is_404(server: GateServer, method: str, path: str) -> None:
    status, reply = ask(server, method, path, {} if method == "POST" else None)
    assert status == 404
    assert "there are: shop" in reply["error"]


def test_a_gate_that_metadata_names_wrongly_is_404(server: GateServer) -> None:
    payload = {"name": "checkout", "metadata": {"gate": "other"}}
    assert ask(server, "POST", "/v1/gate", payload)[0] == 404


def test_a_post_is_409_with_a_sentence_until_it_is_overridden(
    server: GateServer,
) -> None:
    payload = {"name": "checkout", "namespace": "n", "phase": "Progressing"}
    status, reply = ask(server, "POST", "/v1/gate", payload)
    assert status == 409
    assert reply["because"]
    words = ("--by", "ann", "--because", "hotfix", "--until", "2999-01-01")
    gate("--policy", "policy.yaml", *words)
    server._known.clear()
    status, reply = ask(server, "POST", "/v1/gate", payload)
    assert (status, reply["outcome"]) == (200, "inconclusive")
    assert "overridden by ann" in reply["because"]


def test_a_body_that_is_no_json_is_400(server: GateServer) -> None:
    assert ask(server, "POST", "/v1/gate", [1])[0] == 400


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "99999999"])
def test_a_length_that_makes_no_sense_is_answered(
    server: GateServer, length: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/v1/gate")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status in (400, 413)
    assert "at most" in json.loads(answer.read())["error"]
    connection.close()


def test_a_body_that_is_nested_without_end_is_400(server: GateServer) -> None:
    assert server.post("/v1/gate", b"[" * 60_000)[0] == 400


@pytest.mark.parametrize("server", ["s3cret"], indirect=True)
def test_with_a_token_only_who_has_it_is_answered(server: GateServer) -> None:
    assert ask(server, "GET", "/v1/gate/shop")[0] == 401
    assert ask(server, "GET", "/v1/gate/shop", token="wrong")[0] == 401  # noqa: S106
    assert ask(server, "GET", "/v1/gate/shop", token="s3cret")[0] == 200  # noqa: S106


def test_it_listens_at_an_ipv6_address_too() -> None:
    gates = Gates(policies={}, clock=SystemClock())
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    served = GateServer(gates, "[::1]:0")
    thread = threading.Thread(target=served.serve, daemon=True)
    thread.start()
    with closing(http.client.HTTPConnection("::1", served.port, timeout=30)) as client:
        client.request("GET", "/v1/gate/shop")
        assert client.getresponse().status == 404
    served.stop()
    thread.join()


def test_elsewhere_than_here_it_takes_a_token() -> None:
    gates = Gates(policies={}, clock=SystemClock())
    with pytest.raises(UsageError, match="--token-file"):
        GateServer(gates, "0.0.0.0:0")


# --- what is shipped for Argo Rollouts and Flagger --------------------------------


def shipped(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / "gate" / name).read_text())


@pytest.mark.parametrize(
    ("outcome", "phase"),
    [("pass", "Successful"), ("fail", "Failed"), ("inconclusive", "Inconclusive")],
)
def test_argo_rollouts_goes_on_aborts_or_pauses(outcome: str, phase: str) -> None:
    """As its web metric does: the value at jsonPath, then the two conditions."""
    (metric,) = shipped("argo-rollouts.yaml")["spec"]["metrics"]
    assert metric["provider"]["web"]["jsonPath"] == "{$.outcome}"
    said = {
        condition: metric[condition].replace("result == ", "").strip('"') == outcome
        for condition in ("successCondition", "failureCondition")
    }
    if said["failureCondition"]:
        ends_as = "Failed"
    else:
        ends_as = "Successful" if said["successCondition"] else "Inconclusive"
    assert ends_as == phase


def test_what_is_shipped_asks_at_the_addresses_that_there_are(
    server: GateServer,
) -> None:
    (metric,) = shipped("argo-rollouts.yaml")["spec"]["metrics"]
    path = metric["provider"]["web"]["url"].partition(":9095")[2]
    assert ask(server, "GET", path.replace("{{args.gate}}", "shop"))[0] == 200
    hooks = shipped("flagger.yaml")["spec"]["analysis"]["webhooks"]
    assert {hook["type"] for hook in hooks} == {"confirm-rollout", "confirm-promotion"}
    for hook in hooks:
        path = hook["url"].partition(":9095")[2]
        payload = {"name": "checkout", "metadata": {"gate": "shop"}}
        assert ask(server, "POST", path, payload)[0] in (200, 409)


def test_the_shipped_policy_is_valid() -> None:
    (name,) = read_policies([str(ROOT / "deploy" / "gate" / "policy.yaml")])
    assert name == "checkout"
