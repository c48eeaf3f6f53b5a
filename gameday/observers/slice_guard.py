"""How many slices of time were bad so far, for guardrails on SLOs that count these."""

from collections.abc import Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.quantity import show_duration
from gameday.model.slos.counting import Counted, Signed, count_signed
from gameday.model.slos.scraped import Scraped, Target
from gameday.model.slos.slices import Span, is_bad, spans
from gameday.model.slos.slo import Slices, Slo


@frozen(kw_only=False)
class SliceCounts:
    """The counters of an SLO of slices: the signed ones of each side."""

    slo: Slo
    slices: Slices
    signed: Mapping[str, Sequence[Signed]]
    targets: Mapping[Target, Scraped]

    def budget_spent(self, since: float, end: float) -> tuple[float | None, str]:
        """Return the share of the window's budget, and why; None: there is none."""
        bad, every = self._bad_slices(since, end)
        window = self.slo.window / self.slices.length
        return _share(bad, self.slo.budget * window), self._sentence(
            bad, every, "so far"
        )

    def burn_rate(self, length: float, end: float) -> tuple[float | None, str]:
        """Return how fast the budget burns in the slices of the last seconds."""
        length = max(length, self.slices.length)
        bad, every = self._bad_slices(end - length, end)
        said = self._sentence(bad, every, f"in the last {show_duration(length)}")
        return _share(bad, self.slo.budget * every), said

    def _sentence(self, bad: int, every: int, when: str) -> str:
        length = show_duration(self.slices.length)
        return f"{self.slo.name}: {bad} of {every} slices of {length} were bad {when}"

    def _bad_slices(self, since: float, end: float) -> tuple[int, int]:
        """Return the slices between two times that had bad events in it, and all.

        The slice that runs is bad once it stays so with nothing but good events at the
        rate so far.
        """
        times = [target.times[0] for target in self.targets.values() if target.times]
        first = min(times, default=end)
        verdicts = []
        for span in spans(self.slices.length, since, end):
            seen = span.within(first, end)
            verdict = False
            if seen.begin < seen.end and self._bad(seen.within(since, end)) > 0:
                whole = self.slices.length / (seen.end - seen.begin)
                total = self._count("total", seen).value * whole
                verdict = is_bad(self.slices, self._bad(seen), total)
            verdicts.append(verdict)
        return sum(verdicts), len(verdicts)

    def _bad(self, span: Span) -> float:
        """Return bad events; what the skew of scrapes may have added is none."""
        counted = self._count("bad", span)
        return counted.value - counted.surplus

    def _count(self, side: str, span: Span) -> Counted:
        return count_signed(self.signed[side], *span, self.targets)


def _share(bad: float, allowed: float) -> float | None:
    if bad <= 0:
        return 0.0
    return bad / allowed if allowed > 0 else None
