"""What a promise is: a key of a scenario's `expect`, and the question of its name.

Each is declared once, at its field in gameday.model.scenario, and listed in PROMISES
there. What waits for promises, lints, asks, compares and draws them goes through that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, get_type_hints

from gameday.model.values.kinds import (
    POSITIVE_DURATION,
    RECEIVERS,
    SHARE,
    ValueKind,
)

SECONDS = "s"
RATIO = "ratio"


class Since(StrEnum):
    """The moment from which the time of a promise counts."""

    START = "the fault's start"
    END = "the fault's end"


class DrawnAt(StrEnum):
    """Beside what a run's chart shows when the time of a promise was over."""

    NOWHERE = ""
    ALERT = "alert"
    RECEIVER = "receiver"
    FAULT = "fault"
    SLI = "SLI"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Promise:
    """How a promise is written, asked and drawn.

    `check`: the family of its findings. `unit`: of what is promised and measured, of
    which less is better; empty: nothing is measured. `since`: what its time counts
    from; None: it is no time in which something has to be there. `of_pages`: whether
    pages answer it. `words`: what a chart calls it, and where it is `drawn`.
    """

    kind: ValueKind[Any]
    check: str
    unit: str = ""
    since: Since | None = None
    of_pages: bool = False
    drawn: DrawnAt = DrawnAt.NOWHERE
    words: str = ""
    name: str = ""  # of the field that declares it

    @property
    def needs_receiver(self) -> bool:
        """Whether it makes sense only where a receiver is named."""
        return self.of_pages and self.since is not None


def within(check: str, since: Since = Since.START, **rest: Any) -> Promise:
    """Return the promise that something is there within a time."""
    return Promise(
        check=check, kind=POSITIVE_DURATION, unit=SECONDS, since=since, **rest
    )


def lasts_at_most(check: str) -> Promise:
    """Return the promise that something takes no longer than a time."""
    return Promise(check=check, kind=POSITIVE_DURATION, unit=SECONDS)


def at_most(check: str) -> Promise:
    """Return the promise that something is no more than a share."""
    return Promise(check=check, kind=SHARE, unit=RATIO)


def receivers(check: str) -> Promise:
    """Return the promise that some receivers are told."""
    return Promise(check=check, kind=RECEIVERS, of_pages=True)


def declared(owner: type) -> Mapping[str, Promise]:
    """Return the promises that the fields of a class declare, in their order."""
    hints = get_type_hints(owner, include_extras=True)
    return {
        field: replace(promise, name=field, words=promise.words or _short(field))
        for field, hint in hints.items()
        for promise in getattr(hint, "__metadata__", ())
        if isinstance(promise, Promise)
    }


def _short(name: str) -> str:
    return name.removesuffix("_within")


def made(owner: object, promises: Mapping[str, Promise]) -> Iterator[tuple[str, Any]]:
    """Yield the names of those promises that are made, with what is promised."""
    for name in promises:
        value = getattr(owner, name)
        if value not in (None, ()):
            yield name, value


def times(
    owner: object, promises: Mapping[str, Promise], *since: Since
) -> Iterator[float]:
    """Yield the promised times that count from one of these, in seconds."""
    for name, value in made(owner, promises):
        if promises[name].since in since:
            yield value
