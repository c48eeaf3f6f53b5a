"""How every fault that a helper holds begins, is proven, and ends.

The helper carries the deadline: it puts everything back when its time is over, when
it is told to, and when it is ended by whoever finds it. Each helper of a fault has an
undo of its own; those at far ends are kept inside the victim's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import Any

from gameday.errors import CannotFault, FaultFailed, GamedayError
from gameday.model.faults.catalogue import CATALOGUE, FaultType, HeldIn
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.quantity import show_duration
from gameday.model.target import Instance
from gameday.targets.ownership import undo_as_data
from gameday.targets.sidecar_faults.definitions import DEFINED, SidecarFault
from gameday.targets.sidecar_faults.host import (
    Ended,
    NetworkEnds,
    Scope,
    SidecarHost,
    SidecarOrder,
    VictimPlace,
    run_once,
    start_work,
    wait_for_line,
    with_helper,
)
from gameday.targets.threads import all_of

VERB = "end_helper"
LASTS = 600.0  # seconds: the longest it lasts where nothing else is said
_SLACK = 1.0  # seconds by which a helper's own clock may keep a deadline too early
_FAR_ENDS = 32  # helpers at most, so that no fault floods a cluster
# What cleans up after a dead helper, by where its fault is held.
_LEFT = {HeldIn.NETWORK: "sweep", HeldIn.CONTAINER: "thaw"}


def fault_of(work: str) -> FaultType | None:
    """Return the fault that a helper's work holds.

    A helper that chooses its way by itself is known by the fault's own name.
    """
    for kind in DEFINED:
        entry = CATALOGUE[kind]
        if work == entry.function or work in {way.work for way in entry.ways}:
            return entry
    return None


class SidecarFaults:
    """The fault driver of all that helpers hold on one platform."""

    def __init__(self, host: SidecarHost, kinds: Sequence[str] = ()) -> None:
        self._host = host
        self.kinds = frozenset(kinds or DEFINED)

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        if kind not in self.kinds:
            return f"{self._host.platform} targets cannot do {kind} yet"
        return self._host.refusal(CATALOGUE[kind].ways)

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        done = DEFINED[request.kind].does(request)
        return f"{self._host.where} {done}; it ends by itself when its time is over"

    # Beginning --------------------------------------------------------------------

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Start the helpers; they look around and wait for the word."""
        orders = self._orders(request, victim, mark)
        started: list[str] = []

        def start(order: SidecarOrder, undo: Undo) -> Undo:
            helper = self._host.start(replace(order, undo=undo))
            started.append(helper)
            return with_helper(undo, helper)

        try:
            first, *far = all_of([partial(start, *order) for order in orders])
        except BaseException:
            for helper in started:
                self._host.remove(helper)
            raise
        return _with_far_ends(first, far)

    def _orders(
        self, request: FaultRequest, victim: Instance, mark: str
    ) -> list[tuple[SidecarOrder, Undo]]:
        """Return the orders of a fault, the victim's first.

        A fault that is held at far ends has one more for each of these.
        """
        fault, entry = DEFINED[request.kind], CATALOGUE[request.kind]
        place = self._host.locate(victim)
        self._host.check(victim, place, fault.scope)
        if fault.needs_limit:
            self._host.check_limit(victim, place)
        spec = {
            **self._host.chosen_method(entry.function, entry.ways),
            "duration": request.duration or LASTS,
            **fault.order(request),
        }
        if fault.scope is not Scope.NETWORK:
            return [_order(spec, mark, fault, victim, place)]
        ends = self._host.network_ends(place, request.arguments.get("peers") or ())
        near = {**spec, "peers": ends.peers, "probes": ends.probes}
        first = _order(near, mark, fault, victim, place)
        if not fault.at_far_ends:
            return [first]
        return [first, *self._at_far_ends(spec, mark, fault, victim, ends)]

    def _at_far_ends(
        self,
        spec: Mapping[str, Any],
        mark: str,
        fault: SidecarFault,
        victim: Instance,
        ends: NetworkEnds,
    ) -> list[tuple[SidecarOrder, Undo]]:
        """Return what cuts far peers off from the victim, and only from it."""
        if len(ends.far) > _FAR_ENDS:
            raise CannotFault(
                f"{len(ends.far)} peers of {victim.name} are on other nodes, and a "
                f"partition is held at {_FAR_ENDS} at most; name fewer peers"
            )
        there = {
            **spec,
            "peers": victim.addresses,
            "probes": victim.addresses[:1],
        }
        return [
            _order(there, mark, fault, peer, self._host.locate_peer(peer), end=True)
            for peer in ends.far
        ]

    def inject(self, _request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Give the helpers the word."""
        try:
            all_of(
                [
                    partial(start_work, self._host, _helper(end))
                    for end in _undo_of_each_helper(undo)
                ]
            )
        except GamedayError as wrong:
            what = f"{victim.name}: the fault did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return the proof that each helper took where the fault is."""
        patience = DEFINED[request.kind].patience(request)
        ends = _undo_of_each_helper(undo)

        def proof(end: Undo) -> Mapping[str, Any]:
            return wait_for_line(self._host.lines(_helper(end), patience), "proof")

        try:
            proofs = all_of([partial(proof, end) for end in ends])
        except GamedayError as wrong:
            return Proof(bites=False, because=f"not proven: {wrong}")
        return _combined_proof(ends, proofs)

    # Ending -----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """End the helpers; where one did not clean up itself, sweep after it."""
        return _all_undone(
            all_of([partial(self._undone, end) for end in _undo_of_each_helper(undo)])
        )

    def _undone(self, undo: Undo) -> Undone:
        return self._host.undone(undo, lambda: self._end(undo))

    def _end(self, undo: Undo) -> Undone:
        host, helper = self._host, _helper(undo)
        replaced = host.replaced(undo)
        ended = host.end(helper)
        if ended.clean:
            host.remove(helper)
            early = _why_early(undo, ended) or replaced
            words = "the helper put everything back"
            words = f"{early}; {words}" if early else words
            return Undone(ok=True, found=words, at=ended.at, early=early)
        swept = self._swept(undo, ended)
        host.remove(helper)  # last: with it goes what says that something is left
        return replace(swept, early=swept.early or replaced)

    def _swept(self, undo: Undo, ended: Ended) -> Undone:
        """Remove what a dead helper left in the victim."""
        gone = self._host.gone_victim(undo)
        if gone is not None:
            return gone
        fault = fault_of(str(undo.arguments["way"]))
        if fault is not None and not any(way.stays for way in fault.ways):
            if not ended.seen:
                raise FaultFailed("whether the helper has ended could not be seen")
            words = "the helper had died; its processes died with it"
            return Undone(ok=True, found=words, early=_why_early(undo, ended))
        held_in = HeldIn.NETWORK if fault is None else fault.held_in
        in_container = held_in is HeldIn.CONTAINER
        place = self._host.locate_again(undo, in_container=in_container)
        if isinstance(place, Undone):
            return place
        swept = run_once(
            self._host,
            SidecarOrder(
                spec={"do": _LEFT[held_in], "duration": 1.0},
                mark=str(undo.arguments["mark"]),
                place=place,
                scope=Scope.PROCESSES if in_container else Scope.NETWORK,
                end=token_hex(4),  # one that a killed undo left is not in the way
            ),
        )
        what = "processes let go on" if in_container else "rules swept up"
        words = f"the helper had died; {swept.get('found', 0)} {what}"
        early = _why_early(undo, ended, int(swept.get("held", 0)))
        return Undone(ok=True, found=words, early=early)


def _order(
    spec: Mapping[str, Any],
    mark: str,
    fault: SidecarFault,
    whose: Instance,
    place: VictimPlace,
    *,
    end: bool = False,
) -> tuple[SidecarOrder, Undo]:
    """Return an order, and its undo but for the helper's name; `end`: a far one."""
    undo = Undo(
        target="",
        verb=VERB,
        instance=whose.name,
        identity=dict(whose.identity),
        arguments={
            **place.keep,
            "mark": mark,
            "way": spec["do"],
            "duration": spec["duration"],
        },
    )
    order = SidecarOrder(
        spec=spec,
        mark=mark,
        place=place,
        scope=fault.scope,
        end=whose.identity["id"] if end else "",
    )
    return order, undo


def _helper(undo: Undo) -> str:
    return str(undo.arguments["helper"])


def _combined_proof(ends: Sequence[Undo], proofs: Sequence[Mapping[str, Any]]) -> Proof:
    """Return one proof of what each end's helper saw: all have to."""
    first, way = proofs[0], ends[0].arguments["way"]
    evidence: dict[str, Any] = {**first["evidence"], "way": way}
    far = list(zip(ends, proofs, strict=True))[1:]
    if far:
        evidence["far ends"] = {end.instance: proof["evidence"] for end, proof in far}
    failed = [(end, proof) for end, proof in far if not proof["bites"]]
    because = str(first["because"])
    if first["bites"] and failed:
        end, proof = failed[0]
        because = f"at {end.instance}: {proof['because']}"
    elif far:
        names = ", ".join(end.instance for end, _ in far)
        because += f"; the same at the far end ({names})"
    bites = all(proof["bites"] for proof in proofs)
    return Proof(bites=bites, because=because, evidence=evidence)


def _with_far_ends(first: Undo, far: Sequence[Undo]) -> Undo:
    """Return the undo of the whole fault."""
    if not far:
        return first
    ends = [undo_as_data(end) for end in far]
    return replace(first, arguments={**first.arguments, "far": ends})


def _undo_of_each_helper(undo: Undo) -> list[Undo]:
    """Return the undo of each helper, the victim's first."""
    far = undo.arguments.get("far") or ()
    return [undo, *(Undo(target=undo.target, **end) for end in far)]


def _why_early(undo: Undo, ended: Ended, held: int = 0) -> str:
    """Return why the fault had not held until it was undone; empty: it had.

    `held`: how much of it had gone on without its helper, as a sweep found.
    """
    if ended.lost or not ended.over:
        return ended.lost
    if not ended.clean:
        return "" if held else "its helper was gone before it was undone"
    lasts = undo.arguments.get("duration")  # unknown to who found only the helper
    if ended.held is None or lasts is None or ended.held >= float(lasts) - _SLACK:
        return ""
    after = show_duration(round(ended.held, 1))
    return f"its helper was ended by somebody after {after}"


def _all_undone(undone: Sequence[Undone]) -> Undone:
    """Return how it went at all ends: the first that is not undone, else the last."""
    for end in undone:
        if not end.ok:
            return end
    stamps = [end.at for end in undone]
    known = [stamp for stamp in stamps if stamp is not None]
    return replace(
        undone[0],
        at=max(known) if len(known) == len(stamps) else None,
        early=next((end.early for end in undone if end.early), ""),
    )
