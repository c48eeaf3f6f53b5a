"""What a run sees of a cluster: told at once, known again after nobody answered."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gameday.model.events import Event
from gameday.model.events.target import is_fully_available, workload_at
from gameday.observers.cluster import ClusterObserver
from gameday.observers.instances import LISTENING, InstancesObserver
from gameday.targets.kubernetes.target import KubernetesTarget
from gameday.targets.kubernetes.watch.watching import PROMPT
from tests.real.kubernetes.door import Door
from tests.real.kubernetes.world import World
from tests.real.targets.world import CLOCK, ask, wait_for

pytestmark = pytest.mark.kubernetes

AT_ONCE = 0.5  # seconds; some milliseconds on a machine that has nothing else to do
COMES = 40.0  # seconds for a pod to come up


class Heard:
    """Collects events, with the time when they came."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def of(self, kind: str) -> list[Any]:
        return [event for event in list(self.all) if event.kind == kind]

    def first(
        self, kind: str, shown: Callable[[Any], bool], seconds: float = COMES
    ) -> Any:
        """Return the first event that shows something, waiting for it."""

        def found() -> Any:
            return next((seen for seen in self.of(kind) if shown(seen)), None)

        with self._changed:
            there = self._changed.wait_for(lambda: found() is not None, seconds)
            assert there, self.all
        event = found()
        assert event is not None
        return event


Observing = tuple[InstancesObserver, Heard]


def watching(target: KubernetesTarget) -> Observing:
    """Return an observer that knows the instances already."""
    heard = Heard()
    observer = InstancesObserver(
        target.instances, CLOCK, LISTENING, target.stream.watch
    )
    observer.start(heard, CLOCK.now())
    heard.first("instance", lambda _: True)
    return observer, heard


@pytest.fixture
def settled(world: World) -> Iterator[World]:
    yield world
    world.settle()


def test_a_pod_that_goes_is_seen_at_once_and_its_successor_has_its_number(
    settled: World,
) -> None:
    target = settled.target()
    victim = target.instances("web")[1]
    observer, heard = watching(target)
    other = settled.target().api
    path = f"/api/v1/namespaces/{settled.name}/pods/{victim.labels['pod']}"
    asked = CLOCK.now()
    other.delete(path)
    answered = CLOCK.now()
    gone = heard.first("instance", lambda e: not e.up)
    assert asked <= gone.at <= answered + AT_ONCE
    assert (gone.instance, gone.error) == ("web-2", PROMPT)
    back = heard.first("instance", lambda e: e.at > gone.at and bool(e.up))
    observer.flush(CLOCK.now())
    observer.stop()
    assert back.instance == "web-2"
    now = {instance.name: instance for instance in settled.target().instances("web")}
    assert set(now) == {"web-1", "web-2", "web-3"}
    assert not heard.of("blind")


@pytest.fixture
def door(tmp_path: Path, world: World) -> Iterator[Door]:
    made = Door(world.context, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("cut", [False, True])
def test_an_api_that_does_not_answer_is_blindness_and_what_changed_is_found_after(
    settled: World, door: Door, monkeypatch: pytest.MonkeyPatch, *, cut: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("KUBECONFIG", str(door.kubeconfig))
        target = settled.target()
        victim = target.instances("web")[0]  # its configuration is read by now
    observer, heard = watching(target)
    stalled = CLOCK.now()
    door.stall()
    if cut:
        door.cut()
    settled.kubectl("delete", "pod", victim.labels["pod"], "--wait=false")
    blind = heard.first("blind", lambda _: True)
    assert blind.at <= stalled + AT_ONCE
    assert not [event for event in heard.of("instance") if not event.up]
    door.pass_on()
    sees = heard.first("sees", lambda _: True)
    changed = heard.first("instance", lambda e: e.at > stalled)
    observer.flush(CLOCK.now())
    observer.stop()
    assert changed.at - changed.error <= stalled + LISTENING + AT_ONCE
    assert sees.at > blind.at


def _is_about(words: str, told: Any) -> bool:
    return bool(told.workload == words)


def test_a_workload_that_was_hit_is_whole_again_with_its_endpoints(
    settled: World,
) -> None:
    target, heard = settled.target(), Heard()
    hit = {"deployment/web": "web", "statefulset/db": "db", "daemonset/agent": "agent"}
    observer = ClusterObserver(
        "cluster", lambda e: target.stream.workloads(hit, e), CLOCK
    )
    observer.start(heard, CLOCK.now())
    for words, count in (
        ("deployment/web", {"web": 3}),
        ("statefulset/db", {"db": 2}),
        ("daemonset/agent", {}),
    ):
        first = heard.first("workload", partial(_is_about, words))
        assert (first.available, first.endpoints) == (True, count)
    start = CLOCK.now()
    victim = target.instances("web")[-1]
    request = ask("process.stop")
    undo = target.prepare(request, victim, settled.mark())
    target.inject(request, victim, undo)
    heard.first("workload", lambda e: e.endpoints == {"web": 2})
    assert target.undo(undo).ok
    end = CLOCK.now()

    def back() -> bool:
        told = [e for e in heard.of("workload") if e.workload == "deployment/web"]
        was = workload_at(told, start)
        return (
            was is not None
            and told[-1] is not was
            and is_fully_available(told[-1], was)
        )

    wait_for(back, COMES)
    observer.flush(CLOCK.now())
    observer.stop()
    short = [e for e in heard.of("workload") if e.at > start and not e.available]
    assert {e.workload for e in short} == {"deployment/web"}
    assert heard.of("workload")[-1].at > end - COMES
    assert not heard.of("blind")


def test_the_clusters_events_are_told_with_whom_they_are_about(
    settled: World,
) -> None:
    target, heard = settled.target(), Heard()
    observer = ClusterObserver("events", target.stream.events, CLOCK)
    began = CLOCK.now()
    observer.start(heard, began)
    wait_for(lambda: CLOCK.now() > began + 1.0 and not observer.probe())
    victim = target.instances("web")[0]
    settled.kubectl("delete", "pod", victim.labels["pod"], "--wait=false")
    name = f"pod/{victim.labels['pod']}"
    killing = heard.first("cluster_event", lambda e: e.object == name)
    assert (killing.reason, killing.service) == ("Killing", "web")
    created = heard.first("cluster_event", lambda e: e.reason == "SuccessfulCreate")
    assert created.object.startswith("replicaset/web-")
    assert created.service == "web"
    observer.stop()
    assert all(event.at >= began for event in heard.of("cluster_event"))
