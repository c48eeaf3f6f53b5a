"""Scrape targets that were healthy and were lost without being what the fault hit.

Whether a lost target is what the fault hit is told by its `job` and `instance`:

1. The instance label names a known instance: HOST:PORT or, where no other instance
   shares it, HOST is one of its addresses; the port is its `port` label on loopback;
   or its name occurs in it (`web-2`, `shop_web_2:8000`); or the host or the job is
   a service that has only one instance. Then it was hit exactly when that
   instance is a victim of the step.
2. Otherwise it was hit when its job or host names a faulted service or victim, or
   when a promise of the step names it (`instance` or `job` label): who promises an
   alert about a target expects to lose it.

One failed scrape (down for at most one and a half scrape intervals) is no loss.
A target that was down when it was first seen was missing from the start.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gameday.checks.clocks import Clocks
from gameday.model.quantity import show_instant
from gameday.model.scenario import Step
from gameday.model.target import Instance
from gameday.model.timeline import Timeline

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Loss:
    """A target that went down at `since` and was back at `until`.

    `gone`: nobody lists it any more, as a pod that was replaced.
    """

    job: str
    instance: str
    since: float
    until: float
    gone: bool = False

    def show(self) -> str:
        """Return the loss as a clause."""
        return (
            f"the scrape target {self.instance} (job {self.job}), which the fault "
            f"did not hit, was lost at {show_instant(self.since)}"
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """What a step's fault hit, of all instances that are known."""

    step: Step
    services: tuple[str, ...]
    victims: tuple[Instance, ...]
    instances: tuple[Instance, ...]


def read_losses(timeline: Timeline, clocks: Clocks, interval: float) -> list[Loss]:
    """Return every loss of a target that had been healthy, in order."""
    states: dict[tuple[str, str], float | None] = {}  # down since; None: up
    gone: set[tuple[str, str]] = set()
    losses: list[Loss] = []
    for event in timeline.of("scrape"):
        key = (str(event["job"]), str(event["instance"]))
        if event.get("state") == "gone":
            gone.add(key)
        at = clocks.ours("prometheus", event.at)
        if event["up"]:
            since = states.get(key)
            if since is not None and at - since > 1.5 * interval:
                losses.append(Loss(*key, since, at))
            states[key] = None
        elif key in states and states[key] is None:
            states[key] = at
    for key, since in states.items():
        if since is not None:
            losses.append(Loss(*key, since, float("inf"), key in gone))
    return sorted(losses, key=lambda loss: (loss.since, loss.job, loss.instance))


def not_hit(
    losses: Iterable[Loss], hit: Hit, start: float, end: float
) -> tuple[Loss, ...]:
    """Return the losses that disturb a step: not its fault's doing, inside its time.

    What was gone before the step was missing from its start: an earlier step, or an
    earlier run, has replaced it.
    """
    return tuple(
        loss
        for loss in losses
        if loss.since <= end
        and loss.until > start
        and not (loss.gone and loss.since < start)
        and not was_hit(loss, hit)
    )


def was_hit(loss: Loss, hit: Hit) -> bool:
    """Whether a lost target is what the fault hit (the module says how)."""
    known = identify(loss, hit.instances)
    if known is not None:
        return known.name in {victim.name for victim in hit.victims}
    host = loss.instance.rpartition(":")[0] or loss.instance
    names = [*hit.services, *(victim.name for victim in hit.victims)]
    if any(_names(text, name) for text in (loss.job, host) for name in names):
        return True
    return any(
        loss.instance == promise.labels.get("instance")
        or loss.job == promise.labels.get("job")
        for promise in hit.step.expect.alerts
    )


def identify(loss: Loss, instances: Sequence[Instance]) -> Instance | None:
    """Return the one instance that a scrape target is; None when it is unclear."""
    host, _, port = loss.instance.rpartition(":")
    if not host:
        host, port = loss.instance, ""
    ways = (
        [one for one in instances if loss.instance in one.addresses],
        [one for one in instances if _same_port(one, host, port)],
        [one for one in instances if _names(loss.instance, one.name)],
        [one for one in instances if host in one.addresses],
        [one for one in instances if one.service in (host, loss.job)],
    )
    for found in ways:
        if len(found) == 1:
            return found[0]
    return None


def _same_port(instance: Instance, host: str, port: str) -> bool:
    return bool(port) and host in _LOOPBACK and instance.labels.get("port") == port


def _names(text: str, name: str) -> bool:
    """Whether a text contains a name as a whole word; - and _ are the same."""
    pattern = "[-_]".join(re.escape(part) for part in re.split("[-_]", name.lower()))
    found = re.search(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])", text.lower())
    return found is not None
