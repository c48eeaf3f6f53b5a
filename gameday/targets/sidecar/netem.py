"""A delay with tc netem: outgoing packets to the peers wait in the kernel.

An htb qdisc lets everything pass as it comes, but for the one class that our rules
put packets into; netem sits in that class. The handle is how a later sweep knows
the qdisc as ours.
"""

import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar import addresses
from gameday.targets.sidecar.bell import Bell
from gameday.targets.sidecar.measure import RoundTrip
from gameday.targets.sidecar.rules import Rules, RulesFailed
from gameday.targets.sidecar.work import WorkFailed, rest, say

HANDLE = "6da7"
CLASS = f"{HANDLE}:4"
_LIMIT = "100000"  # packets that may wait
_RATE = "10gbit"  # more than a container sends: the class shall not throttle
_TIMEOUT = 10.0
_PLAIN = ("noqueue", "pfifo_fast", "fq_codel", "fq", "mq", "pfifo")


def tc(*words: str) -> str:
    """Run tc; WorkFailed with its own words where it refuses."""
    if shutil.which("tc") is None:
        raise WorkFailed("no tc in the helper image")
    done = subprocess.run(
        ["tc", *words], capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    if done.returncode != 0:
        raise WorkFailed(f"tc {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def interfaces() -> list[str]:
    """Return the namespace's interfaces without loopback.

    Not from /sys/class/net: that shows the namespace in which it was mounted.
    """
    return sorted(name for _, name in socket.if_nameindex() if name != "lo")


def commands(interface: str, by: float, jitter: float) -> list[Sequence[str]]:
    """Return the tc commands that make the class and its delay (seconds)."""
    delay = [f"{by * 1000:g}ms"] + ([f"{jitter * 1000:g}ms"] if jitter else [])
    there = ["add", "dev", interface]
    whole = ["htb", "rate", _RATE, "burst", "1mb", "cburst", "1mb", "quantum", "60000"]
    return [
        ["qdisc", *there, "root", "handle", f"{HANDLE}:", "htb", "default", "0"],
        ["class", *there, "parent", f"{HANDLE}:", "classid", CLASS, *whole],
        ["qdisc", *there, "parent", CLASS, "netem", "limit", _LIMIT, "delay", *delay],
    ]


class NetemDelay:
    """The qdiscs, and CLASSIFY rules that lead the peers' packets to them."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._rules = {one: Rules(spec["mark"], "mangle", one) for one in (4, 6)}
        self._trip = RoundTrip(spec["probes"])

    def prepare(self) -> None:
        """Refuse to replace a qdisc of the user's own; measure the way as it is."""
        for interface in interfaces():
            kind = tc("qdisc", "show", "dev", interface, "root").split()[1:2]
            if kind and kind[0] not in _PLAIN:
                raise WorkFailed(f"{interface} has a qdisc of its own ({kind[0]})")
        self._trip.before()

    def apply(self) -> Mapping[str, Any]:
        """Put qdiscs and rules in."""
        by, jitter = float(self._spec["by"]), float(self._spec["jitter"])
        for interface in interfaces():
            for words in commands(interface, by, jitter):
                tc(*words)
        end = f"-j CLASSIFY --set-class {CLASS}"
        try:
            for family in addresses.families(self._spec):
                rules = addresses.matched("POSTROUTING", self._spec, family, end)
                self._rules[family].add(rules)
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules were not taken: {wrong}") from wrong
        return {"way": "netem"}

    def hold(self, bell: Bell, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        say("proof", **self._trip.proof(self._spec["by"], self._spec["jitter"]))
        rest(bell, deadline)

    def remove(self) -> None:
        """Take the rules out, then the qdiscs that carry our handle."""
        try:
            for rules in self._rules.values():
                rules.remove()
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules could not be removed: {wrong}") from wrong
        remove_qdiscs()


def remove_qdiscs() -> None:
    """Remove the qdiscs that carry our handle from every interface."""
    for interface in interfaces() if shutil.which("tc") else []:
        if f" {HANDLE}: " in tc("qdisc", "show", "dev", interface, "root"):
            tc("qdisc", "del", "dev", interface, "root")
