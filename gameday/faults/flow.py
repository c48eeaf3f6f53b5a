"""The one way from a call to a biting fault.

Parse, find the victims, look again, prepare, write it down, inject, prove. Nothing
touches the target before the ledger has it on disk.
"""

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from gameday.errors import CannotFault, FaultFailed, GamedayError
from gameday.faults.context import CLOCK, FaultContext, fault_context, open_own_run
from gameday.ledger.entries import FaultEntry
from gameday.ledger.heal import forget, heal, undo_with_retries
from gameday.model.faults.fault import FaultRequest, FaultState, Proof
from gameday.model.faults.request import parse_request
from gameday.model.faults.selection import choose
from gameday.model.quantity import show_instant
from gameday.model.target import Instance
from gameday.targets.procfs import identify

DEFAULT_DURATION = 600.0  # seconds, where neither a plan nor the experiment says
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One fault on one instance, injected: when it started and whether it bites."""

    entry: FaultEntry
    started: float
    proof: Proof


def inject(
    kind: str,
    arguments: Mapping[str, Any],
    configuration: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Inject a fault for whom the environment says; see `inject_for`."""
    return inject_for(fault_context(configuration), kind, arguments)


def inject_for(
    mine: FaultContext, kind: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Inject a fault and return what it hit, when, and the proof that it bites.

    FaultFailed when it did not happen; what had been done until then is undone.
    """
    try:
        request = parse_request(kind, arguments)
    except ValueError as wrong:
        raise FaultFailed(str(wrong)) from wrong
    # A plan has asked already, and refused: only who has none asks here.
    why = mine.target.refusal(kind) if mine.own else ""
    if why:
        raise CannotFault(why)
    request, victims = _victims(mine, request)
    open_own_run(mine)
    entries = _prepare(mine, request, victims)
    why = _why_target_lost(mine)
    if why:
        _undo_entries(mine, entries)
        raise FaultFailed(why)
    hits = _in_parallel(lambda entry: _hit(mine, request, entry), entries)
    failures = [hit for hit in hits if not isinstance(hit, InjectedFault)]
    if failures:
        _undo_entries(mine, entries)
        raise FaultFailed("; ".join(str(failure) for failure in failures))
    return {
        "fault": kind,
        "target": mine.target.url,
        "run": mine.run,
        "seed": mine.seed,
        "hits": [_hit_output(hit) for hit in hits if isinstance(hit, InjectedFault)],
    }


def _victims(
    mine: FaultContext, request: FaultRequest
) -> tuple[FaultRequest, Sequence[Instance]]:
    """Return the request with its duration, and its victims as they are now."""
    now = mine.target.instances(request.selection.service)
    if mine.own:
        try:
            target = mine.target
            fits = target.fit(request, now)
            chosen = choose(request.selection, fits, mine.seed)
        except ValueError as wrong:
            raise FaultFailed(str(wrong)) from wrong
        return _lasting(request, request.duration or DEFAULT_DURATION), chosen
    planned = mine.ledger.claim(mine.run, mine.step, request)
    if planned is None:
        raise FaultFailed(
            f"{request.kind} on {request.selection.service} is not in the plan of run "
            f"{mine.run}, step {mine.step}"
        )
    # By identity: a platform that numbers as it sees may number otherwise today.
    by_id = {instance.identity.get("id"): instance for instance in now}
    victims = []
    for victim in planned.victims:
        there = by_id.get(victim.identity.get("id"))
        if there is None:
            raise FaultFailed(f"{victim.name} was replaced since the plan was made")
        victims.append(replace(there, name=victim.name))
    return _lasting(request, planned.duration), victims


def _lasting(request: FaultRequest, duration: float) -> FaultRequest:
    return replace(request, duration=duration)


def _prepare(
    mine: FaultContext, request: FaultRequest, victims: Sequence[Instance]
) -> list[FaultEntry]:
    """Prepare each victim's fault and write all of them down."""

    def planned_fault(victim: Instance) -> FaultEntry:
        mark = f"{mine.run}.{secrets.token_hex(4)}"
        undo = mine.target.prepare(request, victim, mark)
        duration = request.duration or DEFAULT_DURATION
        return FaultEntry(
            run=mine.run,
            step=mine.step,
            kind=request.kind,
            victim=victim,
            arguments=request.arguments,
            duration=duration,
            until=CLOCK.now() + duration,
            undo=undo,
            mark=mark,
            by=identify(),
        )

    prepared = _in_parallel(planned_fault, victims)
    ready = [entry for entry in prepared if isinstance(entry, FaultEntry)]
    failures = [failure for failure in prepared if not isinstance(failure, FaultEntry)]
    try:
        if failures:
            raise FaultFailed("; ".join(str(failure) for failure in failures))
        return [replace(entry, id=mine.ledger.begin(entry)) for entry in ready]
    except GamedayError:
        for entry in ready:
            mine.target.undo(entry.undo)
            forget(mine.target, entry.undo)
        raise


def _why_target_lost(mine: FaultContext) -> str:
    """Return who has taken the target from this run meanwhile; empty: nobody.

    The target itself is asked: the lock's keeper lives in the run's own process.
    """
    target = mine.target
    if target.lock is None:
        return ""
    other = target.lock.holder()
    if other is None or other.run in ("", mine.run):
        return target.lock.why_lost()
    who = f"run {other.run} of {other.user}@{other.host}"
    return f"{who} has taken {target.url} meanwhile; nothing is injected"


def _hit(mine: FaultContext, request: FaultRequest, entry: FaultEntry) -> InjectedFault:
    ledger = mine.ledger
    started = CLOCK.now()
    if not ledger.move(entry.id, FaultState.INJECTING, started):
        raise FaultFailed(f"{entry.victim.name}: the run ended before the fault began")
    mine.target.inject(request, entry.victim, entry.undo)
    try:
        proof = mine.target.verify(request, entry.victim, entry.undo)
    except GamedayError as wrong:
        proof = Proof(bites=False, because=f"could not be looked at: {wrong}")
    seen = {
        "bites": proof.bites,
        "because": proof.because,
        "evidence": dict(proof.evidence),
    }
    if not ledger.move(
        entry.id, FaultState.BITING, note=proof.because, extra={"proof": seen}
    ):
        undo_with_retries(
            mine.target.undo, entry.undo, CLOCK
        )  # undone before it was there
        forget(mine.target, entry.undo)
        raise FaultFailed(f"{entry.victim.name}: the fault was undone meanwhile")
    return InjectedFault(entry, started, proof)


def _undo_entries(mine: FaultContext, entries: Sequence[FaultEntry]) -> None:
    begun = [mine.ledger.fault(entry.id) for entry in entries]
    still = [fault for fault in begun if fault and fault.state is not FaultState.UNDONE]
    heal(mine.ledger, mine.opener, CLOCK, still, by="self")


def _in_parallel(act: Any, many: Sequence[Any]) -> list[Any]:
    """Return each result, or the GamedayError in its place."""

    def safe(given: Any) -> Any:
        try:
            return act(given)
        except GamedayError as wrong:
            return wrong

    if len(many) == 1:
        return [safe(many[0])]
    with ThreadPoolExecutor(min(len(many), _AT_ONCE)) as pool:
        return list(pool.map(safe, many))


def _hit_output(hit: InjectedFault) -> dict[str, Any]:
    entry = hit.entry
    return {
        "instance": entry.victim.name,
        "id": entry.id,
        "identity": dict(entry.victim.identity),
        "started": show_instant(hit.started),
        "until": show_instant(entry.until),
        "undo": {"verb": entry.undo.verb, "arguments": dict(entry.undo.arguments)},
        "proof": {
            "bites": hit.proof.bites,
            "because": hit.proof.because,
            "evidence": dict(hit.proof.evidence),
        },
    }
