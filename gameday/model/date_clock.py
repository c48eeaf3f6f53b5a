"""A server's clock by the Date headers of its answers, which tell whole seconds.

Each answer bounds the offset: the server's clock was within the second that it names
at some time between the question and the answer. What several answers allow together
is known far better than to the second.
"""

from email.utils import parsedate_to_datetime

_SECOND = 1.0  # what a Date header tells to
_LASTS = 60.0  # seconds after which a bound says nothing of a clock any more
_MOST = 256  # bounds that are kept
_LEAST_ERROR = 0.0005


class DateClock:
    """That clock minus ours, as far as the answers of the last minute tell it.

    Several threads may use it: of answers at the same moment one may be forgotten.
    """

    def __init__(self) -> None:
        self._bounds: tuple[tuple[float, float, float], ...] = ()

    def take_date(self, sent: float, back: float, date: str | None) -> None:
        """Take the Date header of an answer; `sent`, `back`: our clock around it."""
        try:
            theirs = parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError):
            return  # none, or one that is no date: nothing is learned
        bound = (back, theirs - back, theirs + _SECOND - sent)
        self._bounds = (*self._bounds, bound)[-_MOST:]

    def offset(self, now: float) -> tuple[float, float] | None:
        """Return the offset and how far it may be off; None where nobody answered.

        Where two answers contradict each other the clock was set between them, and
        what was told before the newest of them no longer counts.
        """
        bounds = [bound for bound in self._bounds if now - bound[0] <= _LASTS]
        if not bounds:
            return None
        _, least, most = bounds.pop()
        for _, low, high in reversed(bounds):
            if max(least, low) > min(most, high):
                break
            least, most = max(least, low), min(most, high)
        return (least + most) / 2, (most - least) / 2 + _LEAST_ERROR
