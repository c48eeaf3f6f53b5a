"""A run's first fault finds its target opened, and looks at it again all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.faults.context import fault_context, open_ahead
from tests.unit.targets.fake_cluster import (
    CONTEXT,
    NAMESPACE,
    FakeCluster,
    running,
)

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets"
URL = f"kubernetes://{CONTEXT}/{NAMESPACE}"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    monkeypatch.setenv("GAMEDAY_RUN", "r1")
    monkeypatch.setenv("GAMEDAY_TARGET", URL)
    with running(tmp_path, monkeypatch) as (made, _):
        made.put(SETS, "db", spec={"replicas": 1})
        grow(made, 0)
        yield made


def grow(cluster: FakeCluster, number: int) -> None:
    """Have one pod more."""
    meta = {
        "creationTimestamp": f"2026-01-01T00:00:0{number}Z",
        "ownerReferences": [{"uid": "uid-db", "controller": True}],
    }
    spec = {"nodeName": "n", "containers": [{"name": "db"}]}
    cluster.put(PODS, f"db-{number}", metadata=meta, spec=spec, status={})


def test_the_first_fault_has_what_was_opened_and_sees_what_is_there_now(
    cluster: FakeCluster,
) -> None:
    open_ahead()
    grow(cluster, 1)
    cluster.asked.clear()
    first = fault_context(None).target
    names = [instance.name for instance in first.instances("db")]
    assert (names, cluster.asked) == (["db-1", "db-2"], [PODS])
    assert fault_context(None).target is not first


def test_a_target_that_does_not_answer_yet_is_asked_again_by_the_fault(
    cluster: FakeCluster,
) -> None:
    cluster.down = True
    open_ahead()
    cluster.down = False
    assert [each.name for each in fault_context(None).target.instances()] == ["db-1"]
