"""The shop without Docker: the same experiments, the same verdicts."""

import os
import signal

import pytest

from tests.real.game_days.play import Stage

pytestmark = [pytest.mark.local, pytest.mark.usefixtures("local_shop")]


@pytest.mark.parametrize("name", ["lost-replica", "crash-heals-itself", "hung-replica"])
def test_a_shipped_scenario_passes(stage: Stage, name: str) -> None:
    played = stage.run(stage.scenario(f"local/{name}"))
    played.must_pass()


def test_wrong_alerting_fails_for_the_planted_reason_alone(stage: Stage) -> None:
    played = stage.run(stage.scenario("local/lost-worker"))
    assert played.code == 1
    ((outcome, question, because),) = played.not_passed()
    assert (outcome, question) == ("fail", "reaches")
    assert "team" in because


def test_a_network_fault_is_refused_by_plan(stage: Stage) -> None:
    scenario = stage.changed(
        "local/lost-replica.yaml",
        ("experiments/stop-one-web.yaml", "experiments/cut-off-one-web.yaml"),
    )
    done = stage.gameday("plan", str(scenario))
    assert done.returncode == 2
    assert "process family" in done.stdout


def test_a_signal_undoes_everything(stage: Stage) -> None:
    playing = stage.start(stage.scenario("local/hung-replica"))
    playing.until("phase", phase="hold")
    os.kill(playing.process.pid, signal.SIGTERM)
    played = playing.end()
    assert played.code == 130
    assert played.finding("undone")["outcome"] == "pass"
