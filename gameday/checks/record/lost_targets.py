"""Scrape targets that were healthy and were lost without being what the fault hit.

Whether a lost target is what the fault hit is told by its `job` and `instance`:

1. The instance label names a known instance (`naming` says how), or its job is a
   service that has only one. Then it was hit exactly when that instance is a victim
   of the step.
2. Otherwise it was hit when its job or host is a faulted service, when its host is a
   node that was hit, or when a promise of the step names it (`instance` or `job`
   label): who promises an alert about a target expects to lose it.

One failed scrape (down for at most one and a half scrape intervals) is no loss.
A target that was down when it was first seen was missing from the start.
"""

from collections.abc import Iterable

from gameday.checks.record.clocks import Clocks
from gameday.checks.record.naming import Directory, host_of
from gameday.checks.record.victims import Victims
from gameday.frozen import frozen
from gameday.model.events import Scrape
from gameday.model.quantity import show_instant
from gameday.model.scenario import Step
from gameday.model.timeline import Timeline


@frozen(kw_only=False)
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


@frozen(kw_only=False)
class StepVictims:
    """The victims of a step's fault, among all instances that are known."""

    step: Step
    services: tuple[str, ...]
    victims: Victims

    @property
    def directory(self) -> Directory:
        """The target's instances, by all that they go by."""
        return self.victims.directory


def read_losses(timeline: Timeline, clocks: Clocks, interval: float) -> list[Loss]:
    """Return every loss of a target that had been healthy, in order."""
    states: dict[tuple[str, str], float | None] = {}  # down since; None: up
    gone: set[tuple[str, str]] = set()
    losses: list[Loss] = []
    for event in timeline.of(Scrape):
        key = (event.job, event.instance)
        if event.state == "gone":
            gone.add(key)
        at = clocks.to_our_clock("prometheus", event.at)
        if event.up:
            since = states.get(key)
            own = event.interval or interval
            if since is not None and at - since > 1.5 * own:
                losses.append(Loss(*key, since, at))
            states[key] = None
        elif key in states and states[key] is None:
            states[key] = at
    for key, since in states.items():
        if since is not None:
            losses.append(Loss(*key, since, float("inf"), key in gone))
    return sorted(losses, key=lambda loss: (loss.since, loss.job, loss.instance))


def not_hit(
    losses: Iterable[Loss], hit: StepVictims, start: float, end: float
) -> tuple[Loss, ...]:
    """Return the losses that disturb a step: inside its time, and not of its fault.

    A target that was gone before the step was missing from its start on: an earlier
    step, or an earlier run, has replaced it.
    """
    return tuple(
        loss
        for loss in losses
        if loss.since <= end
        and loss.until > start
        and not (loss.gone and loss.since < start)
        and not is_of_fault(loss, hit)
    )


def is_of_fault(loss: Loss, hit: StepVictims) -> bool:
    """Whether a lost target is what the fault hit (the module says how)."""
    known = hit.directory.find(loss.instance) or hit.directory.only_instance(loss.job)
    if known is not None:
        return known.name in {victim.name for victim in hit.victims.hit}
    if hit.victims.is_node(host_of(loss.instance)):
        return True
    names = {
        name
        for service in hit.services
        for name in hit.directory.service_names(service)
    }
    if names & {loss.job.lower(), host_of(loss.instance).lower()}:
        return True
    return any(
        loss.instance == promise.labels.get("instance")
        or loss.job == promise.labels.get("job")
        for promise in hit.step.expect.alerts
    )
