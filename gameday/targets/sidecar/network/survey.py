"""The rules, qdiscs and routes of this network namespace, as lines; read only.

Whatever a restart of the container changes is left out or normalised: counters, the
addresses that the container was given, and the ports of the engine's own DNS.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.targets.sidecar.network.tools import run_tool
from gameday.targets.sidecar.work import SignalQueue

_FAMILIES = (("iptables", "ip_tables_names"), ("ip6tables", "ip6_tables_names"))
_POLICY = re.compile(r":(\S+) (\w+)")  # an iptables-save line of a built-in chain
# Docker's DNS listens in the container's namespace on ports of the moment.
_DNS = re.compile(r"(127\.0\.0\.11:|--sport )\d+")
_DNS_CHAINS = ("-A DOCKER_OUTPUT ", "-A DOCKER_POSTROUTING ")
# Of a route or a qdisc: what is counted, runs out, or was given by the engine.
_PASSING = re.compile(r" (?:refcnt|expires|src) \S+")


class Survey:
    """One look at the namespace's configuration; connections are not looked at."""

    def __init__(self, _spec: Mapping[str, Any]) -> None:
        """Take nothing from the order: there is only one way to look."""

    def prepare(self) -> None:
        """Nothing to prepare."""

    def apply(self) -> Mapping[str, Any]:
        """Return the lines by what they are about."""
        return {
            "rules": [line for words in _FAMILIES for line in _rules(*words)],
            "qdiscs": without_volatile(run_tool("tc", "qdisc", "show")),
            "routes": [
                *without_volatile(run_tool("ip", "-4", "route", "show")),
                *without_volatile(run_tool("ip", "-6", "route", "show")),
            ],
        }

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: looking holds nothing."""

    def remove(self) -> None:
        """Nothing is left of looking."""


def _rules(prefix: str, names: str) -> Iterator[str]:
    for backend in ("nft", "legacy"):
        command = f"{prefix}-{backend}-save"
        if backend == "legacy" and not _text(f"/proc/net/{names}"):
            continue  # asking would load its tables into the namespace
        if shutil.which(command):
            yield from rules_of(prefix, run_tool(command))


def rules_of(prefix: str, saved: str) -> list[str]:
    """Return the rules of an iptables-save, each with its table.

    Of a chain itself only a policy other than ACCEPT is listed: an empty table is no
    rule.
    """
    lines, table = [], ""
    for line in saved.splitlines():
        policy = _POLICY.match(line)
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A "):
            if line.startswith(_DNS_CHAINS):
                line = _DNS.sub(r"\1PORT", line)  # noqa: PLW2901
            lines.append(f"{prefix} {table} {line}")
        elif policy and policy[2] not in ("ACCEPT", "-"):
            lines.append(f"{prefix} {table} -P {policy[1]} {policy[2]}")
    return lines


def without_volatile(text: str) -> list[str]:
    """Return lines without what passes by itself, in the order of the alphabet."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return sorted(_PASSING.sub("", line) for line in lines if line)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
