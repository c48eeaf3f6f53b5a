"""Places of a cluster that an account may not read: nobody calls them clean."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameday.app.days.prepare_run import heal_dead_holder
from gameday.app.heal import MarkedHeal, heal_marked
from gameday.cli.days.heal import command
from gameday.errors import TargetHeld, TargetNotFound
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.target_lock import take
from gameday.targets import open_target
from gameday.targets.kubernetes.ownership.lease import GROUP, NAME
from gameday.targets.kubernetes.target import KubernetesTarget
from gameday.targets.ownership import holder_here
from tests.unit.ledger.fake import HandClock
from tests.unit.targets.fake_cluster import (
    CONTEXT,
    NAMESPACE,
    FakeCluster,
    running,
)

NODES = "/api/v1/nodes"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
COPIES = f"/apis/apps/v1/namespaces/{NAMESPACE}/controllerrevisions"
LEASES = f"/apis/{GROUP}/namespaces/{NAMESPACE}/leases"
HIDDEN = (POLICIES, SECRETS, NODES)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    with running(tmp_path, monkeypatch) as (made, _):
        yield made


@pytest.fixture
def target(cluster: FakeCluster) -> KubernetesTarget:
    del cluster
    opened = open_target(f"kubernetes://{CONTEXT}/{NAMESPACE}", HandClock())
    assert isinstance(opened, KubernetesTarget)
    return opened


def dies(cluster: FakeCluster, target: KubernetesTarget) -> None:
    """Have a run take the lock and die, as one of this machine that is gone."""
    assert target.lock.hold(holder_here("r-dead", "checkout", "")) is None
    cluster.merge(
        f"{LEASES}/{NAME}",
        {"metadata": {"annotations": {"gameday.dev/holder-started": "1"}}},
    )


def heal() -> Result:
    words = ["--context", CONTEXT, "--namespace", NAMESPACE]
    return CliRunner().invoke(command, words, standalone_mode=False)


# What is left -------------------------------------------------------------------------


def test_what_may_not_be_read_is_among_what_is_left(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    cluster.forbidden = {*HIDDEN, COPIES}  # copies of marks are only litter
    left = target.marks.leftovers()
    assert [(leftover.what, leftover.place) for leftover in left] == [
        ("networkpolicies", POLICIES),
        ("secrets", SECRETS),
        ("nodes", NODES),
    ]
    said = [leftover.unread for leftover in left]
    assert all(answer is not None and not answer.ok for answer in said)
    assert said[2] is not None
    assert said[2].found == "could not be looked at: not for you"
    looks = f"kubectl --context {CONTEXT} get nodes -o yaml | grep gameday.dev/"
    assert said[2].by_hand.endswith(looks)
    assert said[1] is not None
    assert f"--namespace {NAMESPACE} get secrets" in said[1].by_hand


def test_a_run_of_its_own_goes_without(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    cluster.forbidden = set(HIDDEN)
    assert target.marks.sweep("r1") == 0


# `gameday heal` -----------------------------------------------------------------------


def test_what_was_listed_already_is_not_asked_for_again(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    """A run has listed its pods and workloads by the time that it takes the lock."""
    cluster.put("/api/v1/namespaces", NAMESPACE)
    cluster.forbidden = {SECRETS}
    target.instances()
    cluster.asked.clear()
    assert target.marks.unseen() == (SECRETS,)
    assert sorted(cluster.asked) == sorted(HIDDEN)


def test_heal_says_what_it_could_not_look_at_and_keeps_the_lock(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    dies(cluster, target)
    cluster.forbidden = {NODES}
    healed = heal()
    assert healed.return_value == 5, healed.output
    assert "UNSEEN  nodes: could not be looked at: not for you" in healed.output
    assert "get nodes -o yaml | grep gameday.dev/" in healed.output
    assert "nothing is broken" not in healed.output
    assert cluster.object(f"{LEASES}/{NAME}") is not None
    cluster.forbidden = set()
    healed = heal()
    assert healed.return_value == 0, healed.output
    assert "lock    freed" in healed.output
    assert cluster.object(f"{LEASES}/{NAME}") is None


def elsewhere(cluster: FakeCluster, target: KubernetesTarget, at: float) -> None:
    """Have a run of another machine hold the lock, with a heartbeat at that time."""
    assert target.lock.hold(holder_here("r-far", "checkout", "")) is None
    stamp = datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    places = ("machine", "boot", "namespace")
    notes = {f"gameday.dev/holder-{place}": "far" for place in places}
    cluster.merge(
        f"{LEASES}/{NAME}",
        {"metadata": {"annotations": notes}, "spec": {"renewTime": stamp}},
    )


def by_marks(clock: HandClock, told: list[str], *, wait: bool = True) -> MarkedHeal:
    url = f"kubernetes://{CONTEXT}/{NAMESPACE}"
    return heal_marked(url, clock, wait=wait, tell=told.append)


def test_a_run_that_died_elsewhere_a_moment_ago_is_waited_for_and_healed(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    clock, told = HandClock(), list[str]()
    elsewhere(cluster, target, clock.at - 3.0)
    done = by_marks(clock, told)
    assert "waiting for its heartbeat (30 s at most" in told[0]
    assert 7.0 <= sum(clock.slept) <= 30.0
    assert (done.going_on, done.lock[:5]) == ("", "freed")
    assert cluster.object(f"{LEASES}/{NAME}") is None


def test_a_run_that_goes_on_elsewhere_is_left_alone(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    clock, told = HandClock(), list[str]()
    elsewhere(cluster, target, clock.at - 3.0)

    def beats() -> None:
        stamp = datetime.fromtimestamp(clock.at, tz=UTC).isoformat()
        cluster.merge(f"{LEASES}/{NAME}", {"spec": {"renewTime": stamp}})

    clock.while_asleep = beats
    done = by_marks(clock, told)
    assert "is going on; it is left alone" in done.going_on
    assert cluster.object(f"{LEASES}/{NAME}") is not None


def test_who_does_not_wait_goes_by_the_last_heartbeat(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    clock, told = HandClock(), list[str]()
    elsewhere(cluster, target, clock.at - 3.0)
    done = by_marks(clock, told, wait=False)
    assert "going on, by its last heartbeat" in done.going_on
    assert (told, clock.slept) == ([], [])


def test_heal_ends_with_2_where_a_run_is_going_on(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    del cluster
    assert target.lock.hold(holder_here("r-here", "checkout", "")) is None
    healed = heal()
    assert healed.return_value == 2, healed.output
    assert "run r-here" in healed.output
    assert "nothing is broken" not in healed.output
    target.lock.release("r-here")


def test_a_namespace_that_does_not_exist_is_not_called_whole(
    cluster: FakeCluster,
) -> None:
    del cluster
    healed = heal()
    assert isinstance(healed.exception, TargetNotFound)
    assert f"no namespace '{NAMESPACE}'" in str(healed.exception)
    assert "nothing is broken" not in healed.output


def test_what_a_shipped_role_may_not_read_nobody_left_with_it(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    cluster.forbidden = set(HIDDEN)
    cluster.put("/api/v1/namespaces", NAMESPACE)
    healed = heal()
    assert healed.return_value == 0, healed.output
    assert "unseen  nodes: not looked at" in healed.output
    dies(cluster, target)  # it could read no more than we
    healed = heal()
    assert healed.return_value == 0, healed.output
    assert "lock    freed" in healed.output


def test_a_plan_is_not_made_again_for_what_could_not_be_looked_at(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    dies(cluster, target)
    cluster.forbidden = {NODES}
    told: list[str] = []
    assert not heal_dead_holder(target, HandClock(), told.append)
    assert told == []


# Taking over --------------------------------------------------------------------------


def begin(target: KubernetesTarget) -> None:
    """Begin a run, and end it."""
    clock = HandClock()
    ledger = Ledger(ledger_path(), clock)
    handle = take(ledger, target, "r-next", "checkout", clock)
    target.lock.release("r-next")
    ledger.close_run("r-next")
    handle.close()


def test_nothing_is_taken_over_that_may_hide_a_fault(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    dies(cluster, target)  # it could see everything
    cluster.forbidden = {NODES, SECRETS}
    with pytest.raises(TargetHeld) as refused:
        begin(target)
    assert "may not look (secrets, nodes); with an account that may: `gameday heal" in (
        str(refused.value)
    )
    held = cluster.object(f"{LEASES}/{NAME}")
    assert held is not None
    assert held["spec"]["holderIdentity"] == "r-dead"


def test_who_could_see_no_more_has_hidden_nothing(
    cluster: FakeCluster, target: KubernetesTarget
) -> None:
    cluster.forbidden = set(HIDDEN)
    dies(cluster, target)
    held = cluster.object(f"{LEASES}/{NAME}")
    assert held is not None
    assert json.dumps(held).count(NODES) == 1
    begin(target)
    assert cluster.object(f"{LEASES}/{NAME}") is None
