"""Whether the steady state holds before, during and after the fault."""

from collections.abc import Sequence

from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.service.hypothesis_recovery import Stretch, held_again, too_short
from gameday.checks.slos.sli import read_sli
from gameday.checks.step import StepRun
from gameday.model.events import Hypothesis, Phase
from gameday.model.quantity import show_duration, show_instant
from gameday.model.stretch import LONGEST


def before(step: StepRun, _: Question) -> Answer:
    """The hypothesis held at the gate. It never fails: without it, no fault."""
    probed = _probed(step, "before")
    if not probed:
        return unknown("the hypothesis was not probed before the fault")
    last = probed[-1]
    evidence = {"probed": show_instant(last.at)}
    if last.ok:
        return passed("the hypothesis held before the fault", evidence=evidence)
    verb = "did not hold" if last.ok is False else "could not be told"
    because = f"the hypothesis {verb} before the fault: {last.because}"
    return unknown(because, evidence=evidence)


def during(step: StepRun, _: Question) -> Answer:
    """It held all through the fault. A deviation that heals is still seen."""
    start, end = step.start or 0.0, _held_until(step)
    last = step.end if end is None else end
    probed = [look for look in _probed(step, "during") if start <= look.at <= last]
    evidence = {"probed": len(probed), "deviations": _deviations(probed, end)}
    if not probed:
        return unknown("the hypothesis was not probed during the fault")
    deviated = _first(probed, ok=False)
    if deviated is not None:
        return _deviated(step, deviated, evidence)
    blind = _first(probed, ok=None)
    if step.step.expect.steady_state == "may_deviate":
        said = "the hypothesis may deviate, and did not"
        return passed(said, evidence=evidence, decided=start)
    if blind is not None:
        because = f"the hypothesis could not be told at {show_instant(blind.at)}"
        return unknown(f"{because}: {blind.because}", evidence=evidence)
    if end is None:
        because = "the fault was not seen to end"
        return unknown(f"{because}, so the hypothesis was not probed to its end")
    said = f"the hypothesis held each of the {len(probed)} times it was probed"
    return passed(said, evidence=evidence, decided=end)


def _held_until(step: StepRun) -> float | None:
    """Return when the fault was over; a crash that heals is felt until the hold's end.

    The process of a crashed instance may be back within milliseconds, before
    anybody can look, and still be warming up.
    """
    end = step.fault_end
    undo = [event.at for event in step.events(Phase) if event.phase == "undo"]
    if end is None or not step.heals_itself or not undo:
        return end
    return max(end, undo[0])


def after(step: StepRun, _: Question) -> Answer:
    """It held from the recovery on, to the end of the aftermath."""
    probed = _probed(step, "after")
    if not probed:
        because = "the hypothesis was not probed after the fault"
        return unknown(because)
    last = probed[-1]
    evidence = {"probed": show_instant(last.at), "looks": len(probed)}
    until = _recovered_by(step)
    stretch = held_again(step, probed, until)
    if stretch is None:
        return _failed_again(last, evidence)
    broken = _failures(probed, stretch, until)
    if broken:
        because = (
            f"the hypothesis did not hold in {len(broken)} of {len(probed)} looks "
            f"after the fault, last at {show_instant(broken[-1].at)}: "
            f"{broken[-1].because}"
        )
        return failed(because, evidence=evidence, decided=broken[0].at)
    held = probed[stretch.first :]
    because = "the hypothesis held after the fault"
    answer = passed(because, evidence=evidence, since=held[0].at)
    if not stretch.whole:
        return answer.unsure(too_short(step, probed))
    blind = _first(held, ok=None)
    if blind is not None:
        when = show_instant(blind.at)
        return answer.unsure(f"the hypothesis could not be told at {when}")
    return answer


def _failures(
    probed: Sequence[Hypothesis], stretch: Stretch, until: float
) -> list[Hypothesis]:
    """Return the looks that failed since the recovery.

    Where it went back and forth and never held for long enough: all that failed when
    it was to have recovered.
    """
    flaps = [look for look in probed if look.ok is False and look.at > until]
    if flaps and stretch.first > 1 and not stretch.whole:
        return flaps
    return [look for look in probed[stretch.first :] if look.ok is False]


def _failed_again(last: Hypothesis, evidence: dict[str, object]) -> Answer:
    because = last.because
    if last.ok is None:
        said = f"the hypothesis could not be told after the fault: {because}"
        return unknown(said, evidence=evidence)
    said = f"the hypothesis did not hold after the fault: {because}"
    return failed(said, evidence=evidence, decided=last.at)


def _recovered_by(step: StepRun) -> float:
    """Return the time until which the system may still be recovering.

    That is when its SLIs are back, if an SLO shows that they came back; else the
    promised time. A failure after that is a new failure and not a slow recovery.
    """
    end, promised = step.fault_end, step.step.expect.recovers_within
    if end is None:
        return step.end
    slos = step.run.plan.scenario.slos
    if slos:
        back = [read_sli(step, slo, end) for slo in slos]
        if all(sli.recovered for sli in back):
            return end + max((sli.recovered_after for sli in back), default=0.0)
    return end + (LONGEST if promised is None else promised)


def _probed(step: StepRun, phase: str) -> list[Hypothesis]:
    return [event for event in step.events(Hypothesis) if event.phase == phase]


def _first(probed: Sequence[Hypothesis], *, ok: bool | None) -> Hypothesis | None:
    """Return the first look with this answer; None: no look has it."""
    return next((look for look in probed if look.ok is ok), None)


def _deviated(
    step: StepRun, deviated: Hypothesis, evidence: dict[str, object]
) -> Answer:
    since = show_duration(round(deviated.at - (step.start or 0.0), 3))
    said = (
        f"the hypothesis did not hold {since} after the fault began: {deviated.because}"
    )
    if step.step.expect.steady_state == "may_deviate":
        return passed(f"it may deviate: {said}", evidence=evidence, decided=step.start)
    return failed(said, evidence=evidence, decided=deviated.at)


def _deviations(
    probed: Sequence[Hypothesis], end: float | None
) -> list[dict[str, object]]:
    """Return each deviation with its length: to the next probe that held."""
    deviations: list[dict[str, object]] = []
    since: float | None = None
    for look in probed:
        if look.ok is False and since is None:
            since = look.at
        elif look.ok and since is not None:
            deviations.append(_deviation(since, look.at))
            since = None
    if since is not None:
        deviations.append(_deviation(since, end))
    return deviations


def _deviation(since: float, until: float | None) -> dict[str, object]:
    length = None if until is None else round(until - since, 3)
    return {"since": show_instant(since), "seconds": length}
