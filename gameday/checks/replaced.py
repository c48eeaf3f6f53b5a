"""Victims that were replaced while their fault held: by whom, and since when.

A fault on what is not there any more is over. Where the platform replaced it (a
liveness check, an eviction, a lost node), that is the system's own answer, and what
follows is judged from there. Where somebody else did (a deletion, a rollout, a
recreate), or nobody knows who, what depends on the fault is open from then on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gameday.model.quantity import show_instant
from gameday.model.timeline import Event, Timeline

# Faults that hold something in a victim. Others take the victim itself away.
_HELD_INSIDE = ("network.", "resource.", "http.", "tls.", "clock.", "process.pause")
_TOLD_BEFORE = 30.0  # seconds before it by which the cluster says why
_LATE = 2.0  # seconds by which an Event is told after what it tells of
_PLATFORM = (
    "Unhealthy",
    "Evicted",
    "Evicting",
    "Preempted",
    "Preempting",
    "OOMKilling",
    "NodeNotReady",
    "TaintManagerEviction",
    "BackOff",
)
_SOMEBODY = ("SuccessfulDelete", "ScalingReplicaSet", "Killing")


@dataclass(frozen=True, slots=True)
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


def read_replaced(
    timeline: Timeline, begun: Iterable[Event], ends: Mapping[str, float]
) -> Iterator[Replaced]:
    """Yield the victims that were replaced between a fault's beginning and its end."""
    for fault in begun:
        if str(fault["fault"]).startswith(_HELD_INSIDE):
            until = ends.get(str(fault["id"]), float("inf"))
            at = _another(timeline, fault, until)
            if at is not None:
                yield _why(timeline, fault, at)


def _another(timeline: Timeline, fault: Event, until: float) -> float | None:
    """Return when a victim was gone, or something else ran in its place; or None."""
    own = ""
    for event in timeline.of("instance"):
        number = str(event.get("id") or "")
        if event["instance"] != fault["instance"]:
            continue
        if event.get("state") == "gone" and fault.at < event.at < until:
            return event.at - float(event.get("error") or 0.0)
        if not number:
            continue
        if event.at <= fault.at:
            own = number
        elif own and number != own and event.at < until:
            return event.at
    return None


def _why(timeline: Timeline, fault: Event, at: float) -> Replaced:
    number, name = str(fault["id"]), str(fault["instance"])
    told = timeline.between(
        max(fault.at, at - _TOLD_BEFORE), at + _LATE, "cluster_event"
    )
    mine = [one for one in told if one.get("service") == fault["service"]]
    for reasons, platform in ((_PLATFORM, True), (_SOMEBODY, False)):
        for one in mine:
            if one["reason"] in reasons:
                said = f"{one['object']}: {one['reason']} {one.get('message', '')}"
                return Replaced(number, name, at, platform, said.strip())
    return Replaced(number, name, at, False, "nobody says by whom")
