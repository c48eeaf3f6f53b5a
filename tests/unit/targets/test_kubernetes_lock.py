"""The lock on a namespace: whether its holder lives, with and without looking on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gameday.targets.kubernetes.access import Access
from gameday.targets.kubernetes.api import Api
from gameday.targets.kubernetes.lease import GROUP, LASTS, NAME, Lock
from tests.unit.ledger.fake import HandClock
from tests.unit.targets.fake_cluster import CONTEXT, NAMESPACE, FakeCluster, running

LEASES = f"/apis/{GROUP}/namespaces/{NAMESPACE}/leases"
NOW = 1_767_225_600.0


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    with running(tmp_path, monkeypatch) as (made, _):
        yield made


def renewed(cluster: FakeCluster, ago: float) -> None:
    """Have another machine's run renew its Lease so many seconds ago."""
    at = datetime.fromtimestamp(NOW, tz=UTC) - timedelta(seconds=ago)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    words = {"gameday.dev/holder-run": "r-9", "gameday.dev/holder-machine": "far"}
    cluster.put(
        LEASES,
        NAME,
        metadata={"annotations": words},
        spec={"holderIdentity": "r-9", "renewTime": stamp},
    )


@pytest.mark.parametrize(
    ("ago", "alive", "slept"), [(LASTS - 5.0, True, 0), (LASTS + 5.0, False, 1)]
)
def test_an_old_stamp_is_believed_only_once_no_heartbeat_came(
    cluster: FakeCluster, ago: float, alive: bool, slept: int
) -> None:
    clock = HandClock(NOW)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, ago)
    held = lock.held()
    assert held is not None
    assert held.expired is not alive
    assert len(clock.slept) == slept


def test_a_heartbeat_while_we_look_on_shows_that_it_lives(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)
    clock.while_asleep = lambda: renewed(cluster, -7.0)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, LASTS + 5.0)
    held = lock.held()
    assert held is not None
    assert held.expired is False


def test_without_waiting_the_last_stamp_is_believed(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, LASTS + 5.0)
    held = lock.held(wait=False)
    assert held is not None
    assert (held.run, held.expired) == ("r-9", True)
    assert clock.slept == []
