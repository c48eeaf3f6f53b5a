"""What a target's clock says against ours: a Docker engine's, a cluster's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gameday.clock import SystemClock
from gameday.errors import TargetNotFound
from gameday.model.target import TargetRef
from gameday.targets.docker.target import DockerTarget
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.targets.fake_cluster import NAMESPACE, running

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
AHEAD = 42.0  # seconds by which the engine's clock is ahead of ours
VERSION = {"Version": "20.10.0", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}


def engine(asked: Asked) -> Reply:
    if asked.path.endswith("/info"):
        now = datetime.fromtimestamp(SystemClock().now() + AHEAD, tz=UTC)
        return Reply({"SystemTime": now.isoformat().replace("+00:00", "123Z")})
    return Reply(VERSION)


def test_a_docker_engines_clock_is_compared_with_ours() -> None:
    with serving(engine) as server:
        host = server.url.replace("http://", "tcp://")
        ref = TargetRef(kind="docker", name="shop", options={"host": host})
        target = DockerTarget(ref, SystemClock())
        offset, error = target.clock_offset()
    assert abs(offset - AHEAD) <= error + 0.001
    assert 0 < error < 5.0


def test_an_engine_that_does_not_answer_tells_no_time() -> None:
    ref = TargetRef(kind="docker", name="shop", options={"host": "tcp://127.0.0.1:1"})
    with pytest.raises(TargetNotFound, match="does not answer"):
        DockerTarget(ref, SystemClock()).clock_offset()


def test_a_clusters_clock_is_told_by_the_dates_of_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, monkeypatch) as (cluster, api):
        with pytest.raises(TargetNotFound, match="does not say what time it is"):
            api.clock_offset()  # this one has no /version, and was asked nothing else
        cluster.put(PODS, "web-0")
        api.items(PODS)
        offset, error = api.clock_offset()
        assert abs(offset) <= error < 5.0
