"""Faults that a helper pod holds: in the victim's network, on its processes, beside it.

The helper carries the deadline: it puts everything back when its time is over, when
it is told to, and when its pod is ended by whoever finds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.quantity import show_duration, show_share
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.inventory.seen import container_id, running_container
from gameday.targets.kubernetes.sidecars.helper import Ended
from gameday.targets.kubernetes.sidecars.helper_pod import Order
from gameday.targets.kubernetes.sidecars.orders import (
    WORKS,
    each,
    orders,
    rights_for,
    with_far_ends,
)
from gameday.targets.kubernetes.sidecars.place import REPLACED, Place, undone_or_why
from gameday.targets.threads import all_of

_PROVEN = 15.0  # seconds beyond what the measurement itself takes
_SLACK = 1.0  # seconds by which a deadline may be kept too early
_FILLED = 70.0  # seconds: memory is filled at a pace, for a minute at most
# Not early: what replaces or restarts a hurt container is what a game day is to show.
ANEW = Undone(ok=True, found="its container was started anew; the fault went with it")


class Inside:
    """Everything that helper pods hold, on the victim's node and at far ends."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        return "" if kind in WORKS else f"kubernetes targets cannot do {kind} yet"

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        where = "a helper pod on the victim's node"
        given = request.arguments
        peers = ", ".join(given.get("peers") or ()) or "everybody"
        if request.kind == "network.partition":
            done = f"drops every packet between the pod and {peers}"
            if given.get("peers"):
                done += " (helpers at those on other nodes do so too)"
        elif request.kind == "network.delay":
            by = show_duration(given["by"])
            done = f"makes each round trip between the pod and {peers} {by} longer"
        elif request.kind == "network.loss":
            lost = show_share(given["packets"])
            done = f"drops {lost} of the packets that come from {peers}, by chance"
        elif request.kind == "process.pause":
            done = "stops every process of the container (SIGSTOP)"
        elif request.kind == "resource.cpu":
            done = f"burns {show_share(given['load'])} of the CPU the container may use"
        else:
            done = f"fills {show_share(given['fill'])} of the container's memory"
        return f"{where} {done}; it ends by itself when its time is over"

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Start the helpers; they wait for the word."""
        held = orders(self._place, request, victim, mark)
        first, *far = [game_day.undo for game_day in held]
        start = self._place.helper.start
        try:
            all_of([partial(start, game_day.order) for game_day in held])
        except BaseException:
            for one in held:
                self._place.helper.remove(_name(one.undo))
            raise
        return with_far_ends(first, far)

    def inject(self, _request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Give the helpers the word."""
        go = self._place.helper.go
        try:
            all_of([partial(go, _name(one)) for one in each(undo)])
        except GamedayError as wrong:
            what = f"{victim.name}: the fault did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def bites(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return the proof that each helper took where the fault is."""
        slow = sum(request.arguments.get(name) or 0.0 for name in ("by", "jitter"))
        patience = _FILLED if request.kind == "resource.memory" else _PROVEN
        said = self._place.helper.said
        ends = each(undo)
        try:
            told = all_of(
                [
                    partial(said, _name(end), "proof", patience + 9 * slow)
                    for end in ends
                ]
            )
        except GamedayError as wrong:
            return Proof(bites=False, because=f"not proven: {wrong}")
        return _whole(ends, told)

    def undo(self, undo: Undo) -> Undone:
        """End the helpers; where one did not clean up itself, sweep after it."""
        return _all_undone(all_of([partial(self._undone, one) for one in each(undo)]))

    def _undone(self, undo: Undo) -> Undone:
        anew = self._place.kubectl("delete", "pod", str(undo.arguments["pod"]))
        by_hand = f"{anew} (its workload makes another)"
        return undone_or_why(by_hand, lambda: self._end(undo))

    def _end(self, undo: Undo) -> Undone:
        name = _name(undo)
        ended = self._place.helper.end(name)
        if ended.clean:
            self._place.helper.remove(name)
            words = "the helper put everything back"
            early = _early(undo, ended)
            return Undone(ok=True, found=words, at=ended.at, early=early)
        swept = self._swept(undo, ended)
        self._place.helper.remove(name)  # last: its note says what is to be swept
        return swept

    def _swept(self, undo: Undo, ended: Ended) -> Undone:
        """Remove what a dead helper left in the victim."""
        pod = self._place.same_pod(undo)
        if pod is None:
            return REPLACED
        way = str(undo.arguments["way"])
        if way in ("cpu", "memory"):
            if not ended.seen:
                raise FaultFailed("whether the helper has ended could not be seen")
            found = "the helper had died, and its load with it"
            return Undone(ok=True, found=found, early=_early(undo, ended))
        name = str(undo.arguments["container"])
        if way == "freeze":
            container = container_id(pod, name)
            if container != undo.identity["container"]:
                return ANEW
            spec = {"do": "thaw", "container": container}
        else:
            container = running_container(pod, name)
            if not container:
                raise FaultFailed(
                    "no container of the pod runs to reach its network by"
                )
            spec = {"do": "sweep", "container": container, "enter": container}
        swept = self._sweep(pod, spec, str(undo.arguments["mark"]))
        found = f"the helper had died; swept up ({swept.get('found', 0)})"
        early = _early(undo, ended, int(swept.get("held", 0)))
        return Undone(ok=True, found=found, early=early)

    def _sweep(
        self, pod: Json, spec: Mapping[str, Any], mark: str
    ) -> Mapping[str, Any]:
        """Have it removed; return the helper's answer."""
        order = Order(
            spec={**spec, "duration": 1.0},
            mark=mark,
            node=pod["spec"]["nodeName"],
            rights=rights_for(str(spec["do"])),
            end=token_hex(4),  # one that a killed undo left must not be in the way
        )
        return self._place.helper.run(order)


def _early(undo: Undo, ended: Ended, held: int = 0) -> str:
    """Return why the fault had not held until it was undone; empty: it had.

    `held`: how much of it had gone on without its helper, as a sweep found. What the
    kernel does (drop packets, delay them, keep processes stopped) stays when a helper
    dies; what the helper has to keep doing itself ends with it.
    """
    if ended.lost or not ended.over:
        return ended.lost
    if not ended.clean:
        return "" if held else "its helper was gone before it was undone"
    if ended.held is None or ended.held >= float(undo.arguments["duration"]) - _SLACK:
        return ""
    return f"its helper ended it after {show_duration(round(ended.held, 1))}"


def _name(undo: Undo) -> str:
    return str(undo.arguments["helper"])


def _whole(ends: Sequence[Undo], told: Sequence[Mapping[str, Any]]) -> Proof:
    """Return one proof of what each end's helper saw: all have to."""
    evidence: dict[str, Any] = {**told[0]["evidence"], "way": ends[0].arguments["way"]}
    far = list(zip(ends, told, strict=True))[1:]
    if far:
        evidence["far ends"] = {one.instance: said["evidence"] for one, said in far}
    failed = [(one, said) for one, said in far if not said["bites"]]
    because = str(told[0]["because"])
    if told[0]["bites"] and failed:
        one, said = failed[0]
        because = f"at {one.instance}: {said['because']}"
    elif far:
        because += (
            f"; the same at the far end ({', '.join(e.instance for e, _ in far)})"
        )
    bites = all(said["bites"] for said in told)
    return Proof(bites=bites, because=because, evidence=evidence)


def _all_undone(found: Sequence[Undone]) -> Undone:
    """Return how it went at all ends: the first that is not undone, else the last."""
    for one in found:
        if not one.ok:
            return one
    stamps = [one.at for one in found]
    known = [stamp for stamp in stamps if stamp is not None]
    return replace(
        found[0],
        at=max(known) if len(known) == len(stamps) else None,
        early=next((one.early for one in found if one.early), ""),
    )
