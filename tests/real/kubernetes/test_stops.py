"""process.stop beside others who scale, and beside itself: who goes, what returns."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gameday.errors import FaultFailed
from gameday.model.faults.fault import Undo
from gameday.model.target import Instance
from gameday.targets.kubernetes.faults.scale_down import COST
from gameday.targets.kubernetes.target import KubernetesTarget
from tests.real.kubernetes.world import World
from tests.real.targets.world import ask, wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes(watched=True)]

SOON = 30.0  # seconds for the controllers
STOP = ask("process.stop", "web", duration="5m")
PAUSE = ask("process.pause", "web", duration="60s")
WEB = "deployment/web"


@pytest.fixture
def whole(world: World) -> Iterator[World]:
    """Yield the namespace; afterwards nothing may be other than it was."""
    before = world.fingerprint()
    yield world
    world.kubectl("scale", WEB, "--replicas=3")
    world.settle()
    assert world.left() == []
    assert world.traces() == []
    assert world.drift(before) == []


def stopped(world: World, target: KubernetesTarget, victim: Instance) -> Undo:
    undo = target.prepare(STOP, victim, world.mark())
    target.inject(STOP, victim, undo)
    proof = target.verify(STOP, victim, undo)
    assert proof.bites, proof
    return undo


def wanted(world: World) -> int:
    return int(world.get(WEB)["spec"]["replicas"])


def pods(world: World) -> set[str]:
    items = world.get("pods", "-l", "app=web")["items"]
    there = (o["metadata"] for o in items)
    return {o["name"] for o in there if "deletionTimestamp" not in o}


def ready(world: World, number: int) -> Callable[[], bool]:
    return lambda: world.get(WEB)["status"].get("readyReplicas", 0) == number


def test_two_at_once_take_their_victims_and_come_back_in_any_order(
    whole: World,
) -> None:
    target = whole.target()
    *victims, spared = target.instances("web")
    with ThreadPoolExecutor(2) as pool:
        undos = list(pool.map(lambda victim: stopped(whole, target, victim), victims))
    assert wanted(whole) == 1
    wait_for(lambda: pods(whole) == {spared.labels["pod"]}, SOON)
    for number, undo in zip((2, 3), undos, strict=True):
        done = target.undo(undo)
        assert done.ok, done
        assert wanted(whole) == number


def test_who_scales_meanwhile_has_the_last_word(whole: World) -> None:
    target = whole.target()
    undo = stopped(whole, target, target.instances("web")[0])
    whole.kubectl("scale", WEB, "--replicas=4")
    done = target.undo(undo)
    assert done.ok, done
    assert "was set to 4 by somebody else; left as it is" in done.found
    assert wanted(whole) == 4


def test_nobody_goes_for_a_victim_whose_sibling_is_not_ready(whole: World) -> None:
    target = whole.target()
    victim, sibling, _ = target.instances("web")
    undo = target.prepare(STOP, victim, whole.mark())
    before = pods(whole)
    frozen = target.prepare(PAUSE, sibling, whole.mark())
    target.inject(PAUSE, sibling, frozen)
    try:
        wait_for(ready(whole, 2), SOON)
        with pytest.raises(FaultFailed, match=f"{sibling.labels['pod']} is not ready"):
            target.inject(STOP, victim, undo)
        done = target.undo(undo)
        assert done.ok, done
        assert (wanted(whole), pods(whole)) == (3, before)
    finally:
        assert target.undo(frozen).ok


def test_a_price_of_its_own_is_given_back(whole: World) -> None:
    target = whole.target()
    victim, sibling, _ = target.instances("web")
    pod = victim.labels["pod"]
    whole.kubectl("annotate", "pod", pod, f"{COST}=7")
    undo = target.prepare(STOP, victim, whole.mark())
    whole.kubectl("annotate", "pod", sibling.labels["pod"], f"{COST}=-2147483648")
    try:
        with pytest.raises(FaultFailed, match="has the lowest"):
            target.inject(STOP, victim, undo)
        assert whole.pod(pod)["metadata"]["annotations"][COST] == "-2147483648"
        assert target.undo(undo).ok
        assert whole.pod(pod)["metadata"]["annotations"][COST] == "7"
    finally:
        for priced in (victim, sibling):
            whole.kubectl("annotate", "pod", priced.labels["pod"], f"{COST}-")
