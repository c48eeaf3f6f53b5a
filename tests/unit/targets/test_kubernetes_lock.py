"""The lock on a namespace: whether its holder lives, with and without looking on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gameday.targets.kubernetes.client.access import Access
from gameday.targets.kubernetes.client.api import Api
from gameday.targets.kubernetes.ownership.lease import EVERY, GROUP, LASTS, NAME, Lock
from gameday.targets.ownership import DECIDED
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
    ("ago", "alive", "slept"), [(LASTS - 5.0, True, 0.0), (LASTS + 5.0, False, 7.0)]
)
def test_an_old_stamp_is_believed_only_once_no_heartbeat_came(
    cluster: FakeCluster, ago: float, alive: bool, slept: float
) -> None:
    clock = HandClock(NOW)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, ago)
    held = lock.holder()
    assert held is not None
    assert held.expired is not alive
    assert sum(clock.slept) == slept


def test_a_heartbeat_while_we_look_on_shows_that_it_lives(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)
    clock.while_asleep = lambda: renewed(cluster, -7.0)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, LASTS + 5.0)
    held = lock.holder()
    assert held is not None
    assert held.expired is False


def test_without_waiting_the_last_stamp_is_believed(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, LASTS + 5.0)
    held = lock.holder(wait=False)
    assert held is not None
    assert (held.run, held.expired) == ("r-9", True)
    assert clock.slept == []


# To heal: a heartbeat is waited for, however recent the last one is -----------------


@pytest.mark.parametrize("ago", [-40.0, 0.0, LASTS - 5.0, LASTS + 5.0])
def test_who_has_to_decide_waits_until_a_heartbeat_is_overdue(
    cluster: FakeCluster, ago: float
) -> None:
    clock = HandClock(NOW)
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, ago)
    held = lock.holder(decide=True)
    assert held is not None
    assert held.expired is True
    assert EVERY < sum(clock.slept) <= DECIDED


def test_who_has_to_decide_sees_a_heartbeat_come(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)

    def beats() -> None:
        if sum(clock.slept) >= EVERY:
            renewed(cluster, -EVERY)

    clock.while_asleep = beats
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, 1.0)
    held = lock.holder(decide=True)
    assert held is not None
    assert held.expired is False
    assert sum(clock.slept) == pytest.approx(EVERY)


def test_a_lock_that_goes_meanwhile_is_nobodys(cluster: FakeCluster) -> None:
    clock = HandClock(NOW)

    def released() -> None:
        if cluster.object(f"{LEASES}/{NAME}") is not None:
            cluster.remove(LEASES, NAME)

    clock.while_asleep = released
    lock = Lock(Api(Access(context=CONTEXT, namespace=NAMESPACE), clock), NAMESPACE)
    renewed(cluster, 1.0)
    assert lock.holder(decide=True) is None
