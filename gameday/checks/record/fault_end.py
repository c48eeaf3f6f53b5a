"""When gameday's own faults of a step had ended: at their undo, or with their victims.

A fault on what is not there any more is over. Where the platform replaced a victim (a
liveness check, an eviction, a lost node), that is the system's own answer, and what
follows is judged from there. Where somebody else did (a deletion, a rollout, a
recreate), or nobody knows who, what depends on the fault is open from then on.

A container that was restarted in the same pod ends what holds in the container. A
liveness check has it restarted by the kubelet, which says so in the cluster's Events;
where these do not say it, somebody may have killed it, and it is open. What the kernel
killed for want of memory is in the pod's own status, whether an Event tells it or not.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.events import ClusterEvent, FaultEnded, FaultStarted, InstanceChanged
from gameday.model.faults.catalogue import CATALOGUE, HeldIn, held_in
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline

_SAME_MOMENT = 0.002  # seconds by which two records of one moment may differ
_TOLD_BEFORE = 30.0  # seconds before it by which the cluster says why
_TOLD_AFTER = 2.0  # seconds by which an Event is told after what it tells of
_PLATFORM = (
    "Evicted",
    "Evicting",
    "Preempted",
    "Preempting",
    "OOMKilling",
    "NodeNotReady",
    "TaintManagerEviction",
)
_SOMEBODY = ("SuccessfulDelete", "ScalingReplicaSet")
_KILLING, _UNHEALTHY = "Killing", "Unhealthy"
_BY_PROBE = re.compile(
    r"failed (liveness|startup) probe|(Liveness|Startup) probe failed"
)
_READINESS = "Readiness probe"
_NO_MEMORY = "OOMKilled"


@frozen(kw_only=False)
class Replaced:
    """A victim that was replaced at `at`; `platform`: by the platform itself."""

    fault: str  # the fault's id
    instance: str
    at: float
    platform: bool
    because: str

    def show(self) -> str:
        """Return it as a clause."""
        return (
            f"{self.instance} was replaced while the fault held, at "
            f"{show_instant(self.at)}: {self.because}"
        )


def end_of_faults(
    started: Sequence[FaultStarted],
    ended: Iterable[FaultEnded],
    replaced: Iterable[Replaced],
    changes: Sequence[InstanceChanged],
) -> float | None:
    """Return when the last of the faults had ended; None: one was not seen to end.

    `replaced`: the victims whose faults went with them. `changes`: those of instances,
    up to the end of the step.
    """
    begun = {start.id for start in started}
    ends: dict[str, float] = {}
    for event in ended:
        if event.ok:  # a later undo of what is over already changes nothing
            ends.setdefault(event.id, event.at)
    if not begun or not begun <= ends.keys():
        return None
    for victim in replaced:  # from then on its fault is over
        ends[victim.fault] = min(ends[victim.fault], victim.at)
    last = [_up_for_good(start, ends[start.id], changes) for start in started]
    known = [at for at in last if at is not None]
    return max(known) if len(known) == len(last) else None


def _up_for_good(
    begun: FaultStarted, end: float, changes: Iterable[InstanceChanged]
) -> float | None:
    """Return when an instance was up for good; None: it was not, a crash loop.

    A fault that ends when the instance is back has not ended in one that goes
    down again.
    """
    kind = CATALOGUE.get(begun.fault)
    if kind is None or not kind.heals_itself:
        return end
    at: float | None = end
    for change in changes:
        if change.instance == begun.instance and end < change.at:
            at = None if not change.up else change.at if at is None else at
    return at


def look_errors(
    started: Iterable[FaultStarted],
    ended: Iterable[FaultEnded],
    changes: Iterable[InstanceChanged],
) -> Iterator[float]:
    """Yield how exact the looks are that showed a fault to be over."""
    victims = {begun.id: begun.instance for begun in started}
    ends = [(victims.get(end.id), end.at) for end in ended if end.by == "self"]
    for change in changes if ends else ():
        if any(
            victim == change.instance and abs(at - change.at) <= _SAME_MOMENT
            for victim, at in ends
        ):
            yield change.error


def read_replaced(
    timeline: Timeline,
    begun: Iterable[FaultStarted],
    ends: Mapping[str, float],
    pods: Mapping[str, str],
) -> Iterator[Replaced]:
    """Yield the victims that were replaced between a fault's beginning and its end.

    `pods`: the names of the instances' pods, in a cluster.
    """
    for fault in begun:
        carrier = held_in(fault.fault)
        if carrier is HeldIn.NOTHING:
            continue
        until = ends.get(fault.id, float("inf"))
        other = _replacement_evidence(timeline, fault, until, lambda change: change.id)
        at = None if other is None else _since(other)
        restarted = None
        if carrier is HeldIn.CONTAINER:
            restarted = _replacement_evidence(
                timeline, fault, until, lambda change: change.container
            )
        if restarted is not None and (at is None or _since(restarted) < at):
            events = _cluster_events(timeline, fault, _since(restarted), pods)
            yield _replaced(fault, _since(restarted), _who_restarted(events, restarted))
        elif at is not None:
            events = _cluster_events(timeline, fault, at, pods)
            yield _replaced(fault, at, _who_replaced(events))


def _replacement_evidence(
    timeline: Timeline,
    fault: FaultStarted,
    until: float,
    number_of: Callable[[InstanceChanged], str],
) -> InstanceChanged | None:
    """Return what showed that a victim was gone, or another in its place; or None."""
    own = ""
    for event in timeline.of(InstanceChanged):
        number = number_of(event)
        if event.instance != fault.instance:
            continue
        if event.state == "gone" and fault.at < event.at < until:
            return event
        if not number:
            continue
        if event.at <= fault.at:
            own = number
        elif own and number != own and event.at < until:
            return event
    return None


def _since(change: InstanceChanged) -> float:
    """Return since when a victim may have been gone: a look saw only that it was."""
    late = change.error if change.state == "gone" else 0.0
    return change.at - late


def _cluster_events(
    timeline: Timeline, fault: FaultStarted, at: float, pods: Mapping[str, str]
) -> list[ClusterEvent]:
    """Return what the cluster said then of the victim's pod, or of its workload."""
    events = timeline.between(
        max(fault.at, at - _TOLD_BEFORE), at + _TOLD_AFTER, ClusterEvent
    )
    pod = pods.get(fault.instance, "")
    return [
        event
        for event in events
        if event.service == fault.service
        and not (pod and _is_of_another_pod(event, pod))
    ]


def _is_of_another_pod(event: ClusterEvent, pod: str) -> bool:
    kind, _, name = event.object.partition("/")
    return kind == "pod" and name.rpartition("/")[2] != pod


def _who_replaced(events: Sequence[ClusterEvent]) -> tuple[bool, str]:
    """Return whether the platform replaced a victim, and what says so."""
    ways = (
        (True, lambda event: event.reason in _PLATFORM),
        (False, lambda event: event.reason in _SOMEBODY or _stops(event)),
        (True, _is_failed_probe),
    )
    for platform, says in ways:
        for event in events:
            if says(event):
                return platform, _event_text(event)
    return False, "nobody says by whom"


def _who_restarted(
    events: Sequence[ClusterEvent], restarted: InstanceChanged
) -> tuple[bool, str]:
    """Return whether the platform restarted a container in its pod, and the evidence.

    After a failed probe the kubelet kills the container and reports that. A process
    that somebody kills from inside just ends, and the cluster does not report by whom.
    """
    for event in events:
        by_probe = event.reason == _KILLING and _says_failed_probe(event)
        if event.reason == "OOMKilling" or by_probe:
            return True, _event_text(event)
    if restarted.ended == _NO_MEMORY:
        return True, f"its pod says that its container was {_NO_MEMORY}"
    said = next(
        (_event_text(event) for event in events if event.reason == _KILLING), ""
    )
    return False, said or "its container was restarted, and nobody says by whom"


def _stops(event: ClusterEvent) -> bool:
    """Whether the kubelet stops a container because its pod goes."""
    return event.reason == _KILLING and not _says_failed_probe(event)


def _is_failed_probe(event: ClusterEvent) -> bool:
    """Whether a probe failed that has containers restarted; readiness does not."""
    if event.reason == _KILLING:
        return _says_failed_probe(event)
    return event.reason == _UNHEALTHY and not event.message.startswith(_READINESS)


def _says_failed_probe(event: ClusterEvent) -> bool:
    """Whether its message names a liveness or startup probe that failed."""
    return _BY_PROBE.search(event.message) is not None


def _event_text(event: ClusterEvent) -> str:
    return f"{event.object}: {event.reason} {event.message}".strip()


def _replaced(fault: FaultStarted, at: float, who: tuple[bool, str]) -> Replaced:
    platform, because = who
    number, name = fault.id, fault.instance
    return Replaced(number, name, at, platform, because)
