"""The shop on a cluster: the same experiments, the same verdicts."""

import os
import signal

import pytest

from tests.real.game_days.play import Stage

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes(watched=True)]


@pytest.fixture
def on_cluster(stage: Stage, cluster_shop: dict[str, str]) -> Stage:
    """Return a stage whose scenarios find the shop on the cluster."""
    stage.environment.update(cluster_shop)
    return stage


@pytest.mark.parametrize(
    "name",
    ["lost-replica", "slow-database", "hung-replica", "cut-off-replica"],
)
def test_a_shipped_scenario_passes(on_cluster: Stage, name: str) -> None:
    played = on_cluster.run(f"scenarios/kubernetes/{name}.yaml")
    played.must_pass()


def test_wrong_alerting_fails_for_the_planted_reason_alone(on_cluster: Stage) -> None:
    played = on_cluster.run("scenarios/kubernetes/lost-worker.yaml")
    assert played.code == 1
    ((outcome, question, because),) = played.not_passed()
    assert (outcome, question) == ("fail", "reaches")
    assert "team" in because


def test_a_signal_undoes_everything(on_cluster: Stage) -> None:
    playing = on_cluster.start("scenarios/kubernetes/hung-replica.yaml")
    playing.until("phase", phase="hold")
    os.kill(playing.process.pid, signal.SIGTERM)
    played = playing.end()
    assert played.code == 130
    assert played.finding("undone")["outcome"] == "pass"
