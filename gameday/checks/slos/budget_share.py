"""Which share of an SLO's error budget was spent, and what that says of a promise."""

from collections.abc import Callable, Mapping

from gameday.checks.question import Answer, failed, passed
from gameday.frozen import frozen
from gameday.model.quantity import keeps

_NO_BUDGET = 1e9  # stands for the share that a bad event is of no budget at all


def share(part: float, whole: float) -> float:
    """Return part of whole; without any budget the first bad event spends it all."""
    if whole > 0:
        return part / whole
    return 0.0 if part <= 0 else _NO_BUDGET


@frozen
class BudgetShare:
    """Shares of the budget: the measured one, and the bounds of the truth."""

    measured: float
    least: float
    most: float

    def answer(
        self,
        promised: float,
        said: str,
        *,
        doubt: Callable[[], str],
        evidence: Mapping[str, object],
    ) -> Answer:
        """Return whether at most the promised share was spent.

        `doubt`: what leaves it open on which side of the promise the truth lies.
        """
        error = max(self.most - self.measured, self.measured - self.least)
        if not keeps(self.least, promised):
            return failed(said, measured=self.measured, error=error, evidence=evidence)
        answer = passed(said, measured=self.measured, error=error, evidence=evidence)
        return answer if keeps(self.most, promised) else answer.unsure(doubt())
