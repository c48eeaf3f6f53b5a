"""The shipped scenarios on Docker, and everything that can go wrong beside them."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.real.game_days.play import Stage, ask, container, docker, wait_for
from tests.shops import ALERTMANAGER, PAGER, PROMETHEUS, ROOT, own

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_shop")]

PASSING = (
    "lost-replica",
    "crash-heals-itself",
    "hung-replica",
    "database-gone",
    "cache-gone",
    "cut-off-replica",
    "slow-database",
)
SURVIVED = (
    "stop-one-web",
    "kill-one-web",
    "pause-one-web",
    "stop-cache",
    "cut-off-one-web",
)
PROJECT = f"label=com.docker.compose.project={own().project}"
GUARDED = (
    '{url: "http://127.0.0.1:9090", auth: {username: me, password: {env: PASS}}, '
    "headers: {X-Key: {env: KEY}}}"
)
EXCEPT = "      no_other_alerts: {except: [WebReplicaDown]}\n      steady_state: holds"
RAIL = (
    '{promql: \'sum(haproxy_server_status{proxy="checkout", state="UP"}) < 3\', '
    "for: 2s, every: 500ms}"
)
CONFIG = """
config=$(tr '\\0' '\\n' </proc/1/cmdline | sed -n 's/^--config.file=//p')
rules=$(dirname $config)/broken.yaml
"""
BREAK_A_RULE = f"""{CONFIG}
cat > $rules <<'END'
groups: [{{name: broken, rules: [{{alert: Broken, labels: {{severity: page}},
  expr: 'up * on () up > 0'}}]}}]
END
cp $config $config.saved
sed -i "s#^rule_files:.*#rule_files: [/opt/shop/demo/rules.yaml, $rules]#" $config
kill -HUP 1
"""
MEND_IT = f"""{CONFIG}
cp $config.saved $config
kill -HUP 1
"""


def seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def states() -> dict[str, str]:
    """Return the state of every container of the shop, by name."""
    form = "{{.Names}} {{.State}}"
    lines = docker("ps", "-a", "--filter", PROJECT, "--format", form)
    return dict(line.split() for line in lines.splitlines())


def sidecars() -> list[str]:
    """Return helpers of gameday's that hang at the shop's containers."""
    shop = docker("ps", "-aq", "--no-trunc", "--filter", PROJECT).split()
    beside = '{{.Label "gameday.beside"}}'
    helpers = docker("ps", "-a", "--filter", "label=gameday.beside", "--format", beside)
    return [container for container in helpers.split() if container in shop]


@pytest.mark.parametrize("name", PASSING)
def test_a_shipped_scenario_passes_and_leaves_nothing(stage: Stage, name: str) -> None:
    before = states()
    played = stage.run(stage.scenario(name))
    played.must_pass()
    assert states() == before
    assert not sidecars()


def test_wrong_alerting_fails_for_the_planted_reason_alone(stage: Stage) -> None:
    played = stage.run(stage.scenario("lost-worker"))
    assert played.code == 1
    ((outcome, question, because),) = played.not_passed()
    assert (outcome, question) == ("fail", "reaches")
    assert "team" in because


@pytest.mark.quiet
def test_times_agree_with_alertmanager_and_the_pager(stage: Stage) -> None:
    """Fire and reset within 1 ms of startsAt and endsAt, pages within 20 ms."""
    first = ask(PAGER, "/pages?since=0")["seq"]
    played = stage.run(stage.scenario("lost-replica"))
    pages = ask(PAGER, f"/pages?since={first}")["pages"]
    start = seconds(played.of("fault_started")[0]["at"])
    end = seconds(played.of("fault_ended")[0]["at"])
    (fired,) = played.of("alert_firing")[-1:]
    (resolved,) = played.of("alert_resolved")[-1:]
    rung = [p for p in pages if p["receiver"] == "oncall"]
    firing = next(p for p in rung if p["status"] == "firing")
    over = next(p for p in rung if p["status"] == "resolved")
    held = played.of("routed")[-1]
    assert held["starts"] == pytest.approx(seconds(fired["at"]), abs=0.0011)
    # The verdict's own figures, against the pager's record.
    assert played.finding("fires_within")["measured"] == pytest.approx(
        seconds(fired["at"]) - start, abs=0.003
    )
    assert played.finding("pages_within")["measured"] == pytest.approx(
        firing["at"] - start, abs=0.020
    )
    assert played.finding("resets_within")["measured"] == pytest.approx(
        seconds(resolved["at"]) - end, abs=0.003
    )
    assert played.finding("page_resolves_within")["measured"] == pytest.approx(
        over["at"] - end, abs=0.020
    )


@pytest.mark.parametrize("experiment", SURVIVED)
def test_plain_chaos_run_passes_and_leaves_nothing(
    stage: Stage, experiment: str
) -> None:
    before = states()
    chaos = str(Path(sys.executable).with_name("chaos"))
    quiet = ("--no-version-check", "--no-log-file")
    journal = ("--journal-path", str(stage.folder / "journal.json"))
    done = subprocess.run(
        [chaos, *quiet, "run", *journal, f"experiments/{experiment}.yaml"],
        cwd=ROOT,
        env={**stage.environment, "GAMEDAY_TARGET": f"docker://{stage.shop.project}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert wait_for(lambda: states() == before, 10, "everything up again")
    assert not sidecars()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "phase", ["warmup", "gate", "fault", "hold", "undo", "aftermath"]
)
def test_a_signal_at_any_phase_undoes_everything(
    stage: Stage, name: str, phase: str
) -> None:
    """Everything undone within 2 s, exit 130, and the report is there."""
    playing = stage.start(stage.scenario("lost-replica"))
    playing.until("phase", phase=phase)
    sent = datetime.now().timestamp()  # noqa: DTZ005
    os.kill(playing.process.pid, signal.Signals[name])
    played = playing.end()
    assert played.code == 130
    assert played.verdict["ending"] == "operator"
    ends = [seconds(event["at"]) for event in played.of("fault_ended")]
    assert len(ends) == len(played.of("fault_started"))
    assert all(end - sent <= 2.0 for end in ends)
    assert (played.folder / "report.html").stat().st_size > 10_000
    assert set(states().values()) == {"running"}


def test_a_second_run_on_a_target_is_refused_and_says_who_holds_it(
    stage: Stage,
) -> None:
    playing = stage.start(stage.scenario("lost-replica"))
    playing.until("phase", phase="gate")
    second = stage.gameday(
        *("run", str(stage.scenario("hung-replica"))),
        *("--out", str(stage.folder / "second")),
    )
    assert second.returncode == 2
    assert "held by" in second.stdout
    assert "checkout-survives-a-lost-replica" in second.stdout
    assert playing.end().code == 0


def test_judging_again_gives_the_same_bytes(stage: Stage) -> None:
    played = stage.run(stage.scenario("crash-heals-itself"))
    again = stage.gameday("judge", str(played.folder), "-o", "json")
    assert again.stdout == (played.folder / "verdict.json").read_text()
    assert stage.gameday("judge", "latest", "-o", "json").stdout == again.stdout


def test_a_timeline_that_was_cut_off_is_inconclusive_where_it_was_cut(
    stage: Stage,
) -> None:
    played = stage.run(stage.scenario("lost-replica"))
    path = played.folder / "timeline.ndjson"
    text = path.read_text()
    cut = text.index('"fault_ended"')
    path.write_text(text[:cut])
    for home, undone in (("home", "pass"), ("elsewhere", "inconclusive")):
        # What the record does not say any more, the ledger of the run's own home does.
        stage.environment["GAMEDAY_HOME"] = str(stage.folder / home)
        again = stage.gameday("judge", str(played.folder), "-o", "json")
        assert again.returncode == 3
        path.with_name("verdict.json").write_text(again.stdout)
        assert played.verdict["ending"] == "crashed"
        assert played.finding("fires_within")["outcome"] == "pass"
        assert played.finding("undone")["outcome"] == undone
        for question in ("resets_within", "no_other_alerts", "recovers_within"):
            assert played.finding(question)["outcome"] == "inconclusive"
    stage.environment["GAMEDAY_HOME"] = str(stage.folder / "home")


def test_no_secret_reaches_a_file_or_the_terminal(stage: Stage) -> None:
    scenario = stage.changed(
        "lost-replica.yaml",
        ("prometheus: http://127.0.0.1:9090", f"prometheus: {GUARDED}"),
        ("    hold: 15s\n", "    hold: 6s\n"),
    )
    secrets = ("correct-horse", "battery-staple", "demo-routing-key")
    stage.environment |= {"PASS": secrets[0], "KEY": secrets[1]}
    played = stage.run(scenario)
    assert played.code == 0, played.text
    for path in stage.folder.rglob("*"):
        if path.is_file() and path != scenario:
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path
    assert not any(secret in played.text for secret in secrets)


def inconclusive(stage: Stage, service: str) -> None:
    """Stop an observer's container in the middle of a hold, and bring it back."""
    playing = stage.start(stage.scenario("lost-replica"))
    playing.until("phase", phase="hold")
    docker("stop", "-t", "1", container(service))
    try:
        played = playing.end()
    finally:
        docker("start", container(service))
        wait_for(_sees_again, 60, "the shop's observers")
    assert played.code == 3, played.not_passed()
    assert all(
        finding[0] == "inconclusive" and finding[2] for finding in played.not_passed()
    )


def _sees_again() -> bool:
    try:
        up = ask(PROMETHEUS, "/api/v1/targets?state=active")
        ask(ALERTMANAGER, "/api/v2/status")
    except OSError:
        return False
    targets = up["data"]["activeTargets"]
    quiet = not [a for a in _alerts() if a["labels"]["severity"] != "info"]
    return (
        quiet and bool(targets) and all(target["health"] == "up" for target in targets)
    )


def _alerts() -> list[dict[str, dict[str, str]]]:
    answer = ask(PROMETHEUS, "/api/v1/alerts")["data"]
    alerts: list[dict[str, dict[str, str]]] = answer["alerts"]
    return alerts


def test_prometheus_stopped_is_inconclusive(stage: Stage) -> None:
    inconclusive(stage, "prometheus-1")


def test_alertmanager_stopped_is_inconclusive(stage: Stage) -> None:
    inconclusive(stage, "alertmanager-1")


def test_a_scrape_target_lost_beside_the_fault_is_inconclusive(stage: Stage) -> None:
    playing = stage.start(stage.scenario("lost-replica"))
    playing.until("phase", phase="hold")
    docker("stop", "-t", "1", container("blackbox-1"))
    try:
        played = playing.end()
    finally:
        docker("start", container("blackbox-1"))
        wait_for(_sees_again, 60, "the shop's observers")
    assert played.code == 3, played.not_passed()
    assert any("blackbox" in finding[2] for finding in played.not_passed())


def test_an_alert_silenced_before_the_fault_is_inconclusive(stage: Stage) -> None:
    silence = docker(
        "exec",
        container("alertmanager-1"),
        "amtool",
        "--alertmanager.url=http://127.0.0.1:9093",
        *("silence", "add", "alertname=WebReplicaDown"),
        *("--comment=test", "--author=test", "--duration=5m"),
    )
    try:
        refused = stage.run(stage.scenario("lost-replica"))
        assert refused.code == 3, refused.text
        assert refused.verdict["ending"] == "refused"
        assert not refused.of("fault_started")
        played = stage.run(stage.scenario("lost-replica"), "--anyway")
    finally:
        docker(
            "exec",
            container("alertmanager-1"),
            "amtool",
            "--alertmanager.url=http://127.0.0.1:9093",
            *("silence", "expire", silence.split()[-1]),
        )
    assert played.code == 3, played.not_passed()
    assert any("silence" in finding[2].lower() for finding in played.not_passed())
    assert played.finding("undone")["outcome"] == "pass"


def test_an_alert_that_fired_already_is_inconclusive(stage: Stage) -> None:
    docker("stop", "-t", "1", container("worker-1"))
    try:
        wait_for(
            lambda: any(
                alert["labels"]["alertname"] == "WorkerDown"
                and alert["state"] == "firing"  # type: ignore[comparison-overlap]
                for alert in _alerts()
            ),
            30,
            "WorkerDown firing",
        )
        scenario = stage.changed(
            "lost-replica.yaml",
            ("alert: WebReplicaDown", "alert: WorkerDown"),
            ("          labels: {severity: page}\n", ""),
            ("reaches: [oncall, chat]", "reaches: team"),
            ("      steady_state: holds", EXCEPT),
        )
        played = stage.run(scenario)
    finally:
        docker("start", container("worker-1"))
        wait_for(_sees_again, 60, "the shop's observers")
    assert played.code == 3, played.not_passed()
    assert any("already" in finding[2] for finding in played.not_passed())


def test_a_rule_that_fails_to_evaluate_is_inconclusive(stage: Stage) -> None:
    """Two series that match the same labels: many-to-many, the evaluation fails."""
    here = container("prometheus-1")
    docker("exec", here, "sh", "-c", BREAK_A_RULE)
    wait_for(
        lambda: any(
            rule.get("health") == "err"
            for group in ask(PROMETHEUS, "/api/v1/rules")["data"]["groups"]
            for rule in group["rules"]
        ),
        20,
        "a rule that fails",
    )
    try:
        played = stage.run(
            stage.changed(
                "lost-replica.yaml",
                ("alert: WebReplicaDown", "alert: Broken"),
                ("      steady_state: holds", EXCEPT),
            )
        )
    finally:
        docker("exec", here, "sh", "-c", MEND_IT)
        wait_for(_sees_again, 60, "the shop's observers")
    assert played.code == 3, played.not_passed()
    assert any("evaluat" in finding[2] for finding in played.not_passed())


def test_an_unreachable_prometheus_refuses_the_run(stage: Stage) -> None:
    scenario = stage.changed(
        "lost-replica.yaml", ("http://127.0.0.1:9090", "http://127.0.0.1:1")
    )
    played = stage.run(scenario)
    assert played.code == 3
    assert played.verdict["ending"] == "refused"
    assert not played.of("fault_started")
    rest = [f for f in played.verdict["findings"] if f["question"] != "before"]
    assert {f["outcome"] for f in rest} == {"inconclusive"}


def test_a_guardrail_stops_the_run(stage: Stage) -> None:
    """Breached when it has held for 2 s: everything undone, exit 4."""
    scenario = stage.changed(
        "hung-replica.yaml",
        ("guardrails:\n", f"guardrails:\n  - {RAIL}\n"),
    )
    played = stage.run(scenario)
    assert played.code == 4, played.text
    assert played.verdict["ending"] == "guardrail"
    assert played.finding("undone")["outcome"] == "pass"
    assert set(states().values()) == {"running"}


def test_a_blast_radius_that_is_exceeded_refuses_the_run(stage: Stage) -> None:
    scenario = stage.changed(
        "lost-replica.yaml", ("at_most: 1, share: 34%", "share: 33%")
    )
    played = stage.run(scenario)
    assert played.code == 2
    assert "blast radius" in played.text
    assert not played.of("fault_started")
