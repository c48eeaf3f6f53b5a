"""The host of helpers: what each platform implements, and what is the same on all.

A helper prints lines of JSON and receives signals; see `targets/sidecar`. The platform
starts and ends helpers, carries lines and signals, and locates victims and peers. What
a helper is told, and how its answer is read, is the same everywhere.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import Enum
from typing import Any, Protocol

from gameday.errors import FaultFailed
from gameday.frozen import frozen
from gameday.model.faults.catalogue import HelperMethod
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance

Line = Mapping[str, Any]
GO, END = "USR1", "TERM"  # the signals that a helper knows


class Scope(Enum):
    """What of a victim a helper works on; the platform gives it the rights for that."""

    NETWORK = "network"
    CGROUP = "cgroup"
    PROCESSES = "processes"


@frozen
class VictimPlace:
    """Where a helper works: at one container, on one node of a cluster.

    `keep`: what an undo has to know to find it again. `seen`: the container or pod as
    the platform has just described it.
    """

    container: str
    node: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    seen: Any = None


@frozen
class NetworkEnds:
    """The addresses that a network fault is about, and those that a proof may ask.

    `peers` empty: everybody. `far`: peers that have to be cut off at their own end as
    well, since the victim's cannot tell their packets.
    """

    peers: tuple[str, ...]
    probes: tuple[str, ...]
    far: tuple[Instance, ...] = ()


@frozen
class SidecarOrder:
    """One helper to be started: what it does, and where.

    `undo`: its own, but for the helper's name; kept with the helper where the platform
    can, for whoever has lost the ledger. `end`: tells helpers of one fault apart.
    """

    spec: Mapping[str, Any]
    mark: str
    place: VictimPlace
    scope: Scope
    undo: Undo | None = None
    end: str = ""


@frozen(kw_only=False)
class Ended:
    """Whether a helper put everything back, and when, by its own clock.

    `lost`: why it did not hold to the end, where it said so. `held`: seconds from the
    word to the end, where it told. `over`: it had ended before it was told to. `seen`:
    its end was seen, or it is not there.
    """

    clean: bool
    at: float | None = None
    lost: str = ""
    held: float | None = None
    over: bool = False
    seen: bool = True


class SidecarHost(Protocol):
    """One platform's helpers, and where they find their victims."""

    platform: str  # as in a URL
    where: str  # a helper in words, for a plan

    # Helpers ----------------------------------------------------------------------

    def start(self, order: SidecarOrder) -> str:
        """Start a helper and wait until it is ready for the word; return its name."""

    def signal(self, helper: str, name: str) -> Iterator[Line]:
        """Tell it a signal, then yield what it says, for some seconds."""

    def lines(self, helper: str, seconds: float) -> Iterator[Line]:
        """Yield what it says from its beginning on, until it ends or time is over."""

    def end(self, helper: str) -> Ended:
        """End it gently, and say whether it has put back all that it changed."""

    def remove(self, helper: str) -> None:
        """Remove it, whatever its state."""

    # Kernels ----------------------------------------------------------------------

    def refusal(self, ways: Sequence[HelperMethod]) -> str:
        """Return why the platform has none of these ways; empty: it may have one."""

    def chosen_method(
        self, name: str, ways: Sequence[HelperMethod]
    ) -> Mapping[str, Any]:
        """Return the part of an order that names the method to use.

        `name`: the fault's, for a helper that chooses by itself.
        """

    # Victims ----------------------------------------------------------------------

    def locate(self, victim: Instance) -> VictimPlace:
        """Return where a victim is; FaultFailed where it does not run."""

    def locate_peer(self, peer: Instance) -> VictimPlace:
        """Return where a peer is."""

    def check(self, victim: Instance, place: VictimPlace, scope: Scope) -> None:
        """CannotFault where others would be hit with this victim."""

    def check_limit(self, victim: Instance, place: VictimPlace) -> None:
        """CannotFault where the victim's memory is known to have no limit."""

    def network_ends(self, place: VictimPlace, peers: Sequence[str]) -> NetworkEnds:
        """Return the ends of a victim's connections to its peers."""

    def gone_victim(self, undo: Undo) -> Undone | None:
        """Return that a victim is gone, and the fault with it; None: it is there."""

    def locate_again(self, undo: Undo, *, in_container: bool) -> VictimPlace | Undone:
        """Return where a helper reaches what another left, or that it is gone.

        `in_container`: it was left in the very container, not in its network.
        """

    def replaced(self, undo: Undo) -> str:
        """Return that the fault went with its victim before it was undone, or nothing.

        Empty as well where the platform reports the victims' ends itself.
        """

    def undone(self, undo: Undo, act: Callable[[], Undone]) -> Undone:
        """Do an undo; what goes wrong becomes a sentence with a way out."""


def literal_peer(peer: str) -> list[str]:
    """Return the address, or the network, that a peer is; FaultFailed: it is none."""
    try:
        return [str(ipaddress.ip_network(peer, strict=False)).removesuffix("/32")]
    except ValueError:
        raise FaultFailed(
            f"peer {peer!r} is no service or instance of this target and no address"
        ) from None


def with_helper(undo: Undo, helper: str) -> Undo:
    """Return an undo that knows its helper."""
    return replace(undo, arguments={**undo.arguments, "helper": helper})


def wait_for_line(lines: Iterator[Line], word: str) -> Line:
    """Return the line with this word; FaultFailed where it fails, or never says it."""
    last: Any = "nothing"
    for line in lines:
        if line["say"] == word:
            return line
        if line["say"] == "failed":
            raise FaultFailed(line["because"])
        last = line.get("because", line["say"])
    raise FaultFailed(f"the helper did not say {word!r}; it last said: {last}")


def start_work(host: SidecarHost, helper: str) -> Line:
    """Give a helper the word and wait until its work is done; return what it says."""
    return wait_for_line(host.signal(helper, GO), "applied")


def run_once(host: SidecarHost, order: SidecarOrder) -> Mapping[str, Any]:
    """Start a helper, give the word, take the answer, remove it.

    Empty where it did its work and its answer could not be read.
    """
    helper = host.start(order)
    try:
        return start_work(host, helper)
    except FaultFailed:
        if not host.end(helper).clean:
            raise
        return {}
    finally:
        host.remove(helper)
