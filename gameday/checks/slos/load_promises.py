"""What the load's users saw: how many requests failed, and how long they took.

Counted from the fault's start to the step's end. A failed request took as long as its
user waited. A request that was due and never sent may have failed, and may have been
slow.
"""

from collections.abc import Callable, Iterable, Sequence

from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.slos.load import seconds_of_load
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import Load
from gameday.model.quantity import show_duration, show_share

SLOWEST = 0.01  # the share of requests that may take longer than a p99
_SAME = 1e-9  # relative: exactly equal to the promise keeps it


@frozen
class Users:
    """The requests of a step; `edge`: those of seconds that are partly outside."""

    sent: float
    failed: float
    failed_edge: float
    unsent: float
    late: float
    latencies: tuple[tuple[float, float, float], ...]  # over, up to (s), requests

    @property
    def due(self) -> float:
        """All requests that should have been sent."""
        return self.sent + self.unsent


def fails_at_most(step: StepRun, question: Question) -> Answer:
    """The share of the load's requests that failed, from the fault's start on."""
    users, why = _users(step)
    if users is None:
        return unknown(why)
    promised = question.promised or 0.0
    low = (users.failed - users.failed_edge) / users.due
    high = (users.failed + users.unsent) / users.due
    measured = users.failed / users.sent if users.sent else 0.0
    said = (
        f"{users.failed:g} of {users.sent:g} requests failed "
        f"({show_share(measured)}); promised at most {show_share(promised)}"
    )
    rest = {
        "measured": measured,
        "error": max(measured - low, high - measured, 0.0),
        "evidence": _evidence(users),
    }
    if _is_kept(high, promised):
        return passed(said, **rest)
    if not _is_kept(low, promised):
        return failed(said, **rest)
    return passed(said, **rest).unsure(_unsure(users))


def p99_within(step: StepRun, question: Question) -> Answer:
    """The time within which 99 % of the load's requests were answered."""
    users, why = _users(step)
    why = why or _no_latencies(users)
    if users is None or why:
        return unknown(why)
    promised = question.promised or 0.0
    over, upto = _percentile(users)
    said = (
        f"99% of {users.sent:g} requests were answered within {show_duration(upto)}; "
        f"promised within {show_duration(promised)}"
    )
    if users.failed:
        said += f"; {users.failed:g} of them failed"
    rest = {"measured": upto, "error": upto - over, "evidence": _evidence(users)}
    may = SLOWEST * users.due * (1 + _SAME)
    slow = _requests(users, lambda low, _: low >= promised * (1 - _SAME))
    perhaps = _requests(users, lambda _, high: high > promised * (1 + _SAME))
    if perhaps + users.unsent <= may:
        return passed(said, **rest)
    answer = failed(said, **rest)
    if slow <= may:
        return answer.unsure(_unsure(users))
    if slow - users.late <= may:
        late = f"{users.late:.0f} requests were sent late by the load itself"
        return answer.unsure(late)
    return answer


def _no_latencies(users: Users | None) -> str:
    if users is None or not users.latencies:
        return "the load's record does not tell how long requests took"
    if users.failed >= users.sent:
        return "every request failed, so no answer was ever waited for"
    return ""


def _users(step: StepRun) -> tuple[Users | None, str]:
    """Return what the load counted in the step, or why nobody can tell."""
    load, start = step.run.plan.scenario.load, step.start
    if load is None or not load.url or start is None:
        return None, "the load does not tell what became of its requests"
    seconds = seconds_of_load(step, start, step.end)
    sent = sum(float(second.sent) for second in seconds)
    if not sent:
        return None, "the load sent nothing in this step"
    edge = [
        second
        for second in seconds
        if _is_inside(second, start, step.end) < _length(second)
    ]
    return Users(
        sent=sent,
        failed=_failed(seconds),
        failed_edge=_failed(edge),
        unsent=_unsent(step, load.rate, start, seconds),
        late=sum(second.late * float(second.sent) for second in seconds),
        latencies=_latencies(seconds),
    ), ""


def _unsent(step: StepRun, rate: float, start: float, seconds: Sequence[Load]) -> float:
    """Return how many requests the load owed in the step and did not send.

    It may end in the second in which the step does: that one is not short. What
    nobody wrote down counts as not sent.
    """
    inside = [_is_inside(second, start, step.end) for second in seconds]
    whole = [
        second
        for second, covered in zip(seconds, inside, strict=True)
        if covered >= _length(second)
    ]
    due = rate * sum(_length(second) for second in whole)
    short = max(0.0, due - sum(float(second.sent) for second in whole) - 1.0)
    missing = max(0.0, step.end - start - sum(inside) - 0.001)
    return short + rate * missing


def _failed(seconds: Iterable[Load]) -> float:
    return sum(float(second.failed) for second in seconds)


def _length(second: Load) -> float:
    return second.until - second.since


def _is_inside(second: Load, start: float, end: float) -> float:
    return min(second.until, end) - max(second.since, start)


def _latencies(seconds: Iterable[Load]) -> tuple[tuple[float, float, float], ...]:
    counts: dict[tuple[float, float], float] = {}
    for second in seconds:
        for over, upto, requests in second.latencies:
            key = (float(over), float(upto))
            counts[key] = counts.get(key, 0.0) + float(requests)
    return tuple((*key, counts[key]) for key in sorted(counts))


def _percentile(users: Users) -> tuple[float, float]:
    """Return the narrow range of seconds in which the 99th percentile lies."""
    wanted, passed_by = (1 - SLOWEST) * users.sent * (1 - _SAME), 0.0
    for over, upto, requests in users.latencies:
        passed_by += requests
        if passed_by >= wanted:
            return over, upto
    return users.latencies[-1][:2]


def _requests(users: Users, chosen: Callable[[float, float], bool]) -> float:
    return sum(
        requests for over, upto, requests in users.latencies if chosen(over, upto)
    )


def _is_kept(measured: float, promised: float) -> bool:
    return measured <= promised * (1 + _SAME) + 1e-12


def _unsure(users: Users) -> str:
    if users.unsent:
        return (
            f"the load could not keep its rate: {users.unsent:.0f} requests were not "
            "sent, and nobody knows what would have become of them"
        )
    return "it is too close to the promise for what the load wrote down by the second"


def _evidence(users: Users) -> dict[str, object]:
    return {
        "requests": users.sent,
        "failed": users.failed,
        "not_sent": round(users.unsent, 1),
    }
