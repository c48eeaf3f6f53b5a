"""The decision: every reason with its outcome; the worst wins, no reason is no pass."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from gameday.coverage.proof_state import IS_PROVEN, STALE
from gameday.coverage.register import Register
from gameday.frozen import frozen
from gameday.model.gate import GatePolicy, GateSlo
from gameday.model.quantity import keeps, show_duration, show_share
from gameday.model.verdict import Ending, Outcome, worst


@frozen
class BurnRate:
    """A burn rate over a time in seconds; `whole`: samples reach back over all of it.

    `rate` None: there were no events in it.
    """

    window: float
    rate: float | None
    whole: bool


@frozen
class Budget:
    """What is known of one SLO's budget, as two shares between which the truth lies.

    `unknown`: why nothing is known, or empty. `counted`: seconds that were counted, of
    `window`; `whole`: all of the window was counted. `grouped_by`: the labels of groups
    that were counted together.
    """

    least: float = 0.0
    most: float = 0.0
    whole: bool = True
    counted: float = 0.0
    window: float = 0.0
    burns: Mapping[str, tuple[BurnRate, ...]] = field(default_factory=dict)
    unknown: str = ""
    grouped_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the budget is called in a sentence."""
        if not self.grouped_by:
            return "the error budget"
        groups = ", ".join(self.grouped_by)
        return f"the error budget of all groups of {groups} together"


@frozen
class NewestRun:
    """The newest run of a scenario, and what the one before proved; None: no such.

    `because`: why it did not come to its end.
    """

    scenario: str
    run: str
    ending: Ending
    outcome: Outcome
    because: str = ""
    before: Outcome | None = None


@frozen
class Measured:
    """One measure against the baseline; `status` as `gameday compare` has it."""

    subject: str
    status: str
    because: str


@frozen
class GateEvidence:
    """What was observed for a decision.

    `proof`: None where a policy does not ask. `open_faults`: what is broken right now;
    `unreadable`: why that could not be told. `compared`: the newest runs' measures
    against the baseline, `baseline`, empty where there is none; `forgiven`: what of
    no-baseline and too-few may pass. `unread`: records of runs that could not be read,
    and why; each may be newer than those that were.
    """

    budgets: Mapping[str, Budget]
    proof: Register | None = None
    open_faults: Sequence[str] = ()
    unreadable: str = ""
    runs: Sequence[NewestRun] = ()
    compared: Sequence[Measured] = ()
    baseline: str = ""
    forgiven: Collection[str] = ()
    unread: Sequence[str] = ()


@frozen
class Reason:
    """One line of the table; measured and promised are ratios, or burn rates."""

    question: str
    subject: str
    outcome: Outcome
    because: str
    measured: float | None = None
    promised: float | None = None


@frozen
class Decision:
    """Whether a change may ship, with every reason."""

    gate: str
    at: float
    reasons: tuple[Reason, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst reason."""
        return worst(reason.outcome for reason in self.reasons)

    @property
    def sentence(self) -> str:
        """Return why, in one sentence: the first of the worst reasons."""
        reasons = [reason for reason in self.reasons if reason.outcome is self.outcome]
        return reasons[0].because if reasons else "nothing was asked"


def decide(policy: GatePolicy, seen: GateEvidence, at: float) -> Decision:
    """Return the decision of a policy on what was observed."""
    reasons = [
        _broken(seen),
        *(
            reason
            for slo in policy.slos
            for reason in _of_slo(slo, seen.budgets.get(slo.slo, Budget()))
        ),
    ]
    if policy.max_age is not None:
        reasons.append(_proof(seen.proof))
    if policy.regressions:
        reasons += _regressions(seen.runs)
        reasons += _unread(seen.unread)
        reasons += _against_baseline(seen)
    return Decision(gate=policy.name, at=at, reasons=tuple(reasons))


def _broken(seen: GateEvidence) -> Reason:
    if seen.unreadable:
        return _reason("no_fault_open", "", Outcome.INCONCLUSIVE, seen.unreadable)
    if seen.open_faults:
        said = f"still broken: {', '.join(seen.open_faults)}; `gameday heal` undoes it"
        return _reason("no_fault_open", "", Outcome.FAIL, said)
    return _reason("no_fault_open", "", Outcome.PASS, "no fault is open")


def _of_slo(slo: GateSlo, budget: Budget) -> Iterator[Reason]:
    if budget.unknown:
        yield _reason("budget_left", slo.slo, Outcome.INCONCLUSIVE, budget.unknown)
        return
    if slo.budget_left is not None:
        yield _budget_reason(slo, budget, slo.budget_left)
    for name, limit in (("fast", slo.fast), ("slow", slo.slow)):
        if limit is not None:
            yield _burn_reason(slo, name, limit, budget.burns.get(name, ()))


def _budget_reason(slo: GateSlo, budget: Budget, least: float) -> Reason:
    """Return whether enough of a budget is left, whatever is not known of it."""
    left, wanted = show_share(budget.least), show_share(least)
    said = f"{left} of {budget.name} is left; at least {wanted} is asked for"
    outcome = Outcome.PASS if keeps(least, budget.least) else Outcome.FAIL
    if outcome is Outcome.FAIL and keeps(least, budget.most):
        outcome = Outcome.INCONCLUSIVE
        said = f"between {left} and {show_share(budget.most)} is left, of {wanted}"
    if outcome is Outcome.PASS and not budget.whole:
        counted = show_duration(budget.counted)
        outcome = Outcome.INCONCLUSIVE
        said = (
            f"{said}; samples reach back {counted} of {show_duration(budget.window)} "
            "only (window: counts less)"
        )
    return _reason("budget_left", slo.slo, outcome, said, (budget.least, least))


def _burn_reason(
    slo: GateSlo, name: str, limit: float, burns: Sequence[BurnRate]
) -> Reason:
    """Return whether a budget burns too fast: it does where each window says so."""
    question = f"burn_{name}"
    rates = [burn.rate for burn in burns]
    known = [rate for rate in rates if rate is not None]
    if not known or len(known) < len(rates):
        return _reason(
            question, slo.slo, Outcome.INCONCLUSIVE, "there were no events to count"
        )
    slowest = min(known)
    windows = " and ".join(
        f"{rate:.3g} over {show_duration(burn.window)}"
        for burn, rate in zip(burns, known, strict=True)
    )
    said = f"the budget burns at {windows}; {limit:g} is the limit"
    outcome = Outcome.PASS if keeps(slowest, limit) else Outcome.FAIL
    within = [b.whole and keeps(r, limit) for b, r in zip(burns, known, strict=True)]
    if outcome is Outcome.PASS and not any(within):
        outcome = Outcome.INCONCLUSIVE
        said = f"{said}, and samples do not reach back as far"
    return _reason(question, slo.slo, outcome, said, (slowest, limit))


def _proof(proof: Register | None) -> Reason:
    rules = [] if proof is None else [rule for rule in proof.rules if rule.counted]
    stale = [rule for rule in rules if rule.state == STALE]
    proven = [rule for rule in rules if rule.state == IS_PROVEN]
    if stale:
        said = "; ".join(f"{rule.name}: {rule.because}" for rule in stale)
        return _reason("proof_fresh", "", Outcome.FAIL, f"a proof is stale: {said}")
    if not proven:
        said = "no alert rule is proven by a stored run"
        return _reason("proof_fresh", "", Outcome.INCONCLUSIVE, said)
    said = (
        f"{len(proven)} of {len(rules)} alert rules are proven, and no proof is stale"
    )
    return _reason("proof_fresh", "", Outcome.PASS, said)


def _regressions(runs: Iterable[NewestRun]) -> Iterator[Reason]:
    runs = list(runs)
    if not runs:
        said = "no run is stored"
        yield _reason("no_regression", "", Outcome.INCONCLUSIVE, said)
    for run in runs:
        said = f"the newest run ({run.run}) {_ending_text(run)}"
        if run.before is not None:
            said += f", the one before with {run.before.value}"
        yield _reason("no_regression", run.scenario, _regression_outcome(run), said)


def _unread(records: Iterable[str]) -> Iterator[Reason]:
    for why in records:
        said = f"a record cannot be read, and may be the newest: {why}"
        yield _reason("no_regression", "", Outcome.INCONCLUSIVE, said)


_OUTCOMES = {
    "broken": Outcome.FAIL,
    "worse": Outcome.FAIL,
    "too-few": Outcome.INCONCLUSIVE,
    "no-baseline": Outcome.INCONCLUSIVE,
}


def _against_baseline(seen: GateEvidence) -> Iterator[Reason]:
    """Yield each measure that is not as in the baseline, and how many are."""
    if not seen.baseline:
        return
    told = [
        measure
        for measure in seen.compared
        if measure.status in _OUTCOMES and measure.status not in seen.forgiven
    ]
    for measure in told:
        outcome, said = (
            _OUTCOMES[measure.status],
            f"{measure.status}: {measure.because}",
        )
        yield _reason("no_regression", measure.subject, outcome, said)
    alike = len(seen.compared) - len(told)
    if alike:
        said = f"{alike} measures are no worse than in {seen.baseline}"
        yield _reason("no_regression", "", Outcome.PASS, said)


def _ending_text(run: NewestRun) -> str:
    """Return how a run ended, in words."""
    why = f" ({run.because})" if run.because else ""
    return {
        Ending.FINISHED: f"ended with {run.outcome.value}",
        Ending.GUARDRAIL: f"was stopped by a guardrail{why}",
        Ending.OPERATOR: f"was stopped by somebody{why}",
        Ending.CRASHED: f"crashed{why}",
        Ending.REFUSED: f"was refused{why}",
    }[run.ending]


def _regression_outcome(run: NewestRun) -> Outcome:
    """Return fail where a run is worse than the one before; that takes two of them."""
    if run.outcome is not Outcome.FAIL:
        return run.outcome
    if run.before is Outcome.FAIL and run.ending is not Ending.FINISHED:
        return Outcome.INCONCLUSIVE  # it may be worse by what it did not come to
    if run.before is Outcome.FAIL:
        return Outcome.PASS  # as it was, which is no regression
    return Outcome.FAIL if run.before is Outcome.PASS else Outcome.INCONCLUSIVE


def _reason(
    question: str,
    subject: str,
    outcome: Outcome,
    because: str,
    numbers: tuple[float, float] | None = None,
) -> Reason:
    measured, promised = numbers or (None, None)
    return Reason(
        question=question,
        subject=subject,
        outcome=outcome,
        because=because,
        measured=measured,
        promised=promised,
    )
