"""Where a verdict comes from: versions, target, seed; and what the plan warned of."""

from gameday.model.plan import Plan, PlannedFault
from gameday.model.verdict import Verdict
from gameday.reports.wording import short_seconds, target_words

_LINT = {
    "cannot_be_kept": "cannot be kept",
    "not_guaranteed": "not guaranteed",
    "not_checked": "not checked",
}
_NAMES = {
    "gameday": "gameday",
    "git": "git",
    "rules": "alert rules",
    "routes": "routes",
}


def provenance(plan: Plan, verdict: Verdict) -> list[tuple[str, str]]:
    """Return what the verdict rests on, as pairs of name and value."""
    scenario = plan.scenario
    given = [
        ("run", verdict.run),
        ("scenario", scenario.path or scenario.name),
        ("owner", scenario.owner),
        ("target", target_words(scenario.target)),
        ("Prometheus", plan.monitoring.prometheus_version),
        ("Alertmanager", plan.monitoring.alertmanager_version),
        ("seed of the victims", str(plan.seed)),
    ]
    known = [key for key in _NAMES if key in verdict.provenance]
    others = sorted(set(verdict.provenance) - set(known))
    given += [
        (_NAMES.get(key, key), verdict.provenance[key]) for key in [*known, *others]
    ]
    return [(name, value) for name, value in given if value]


def warnings(plan: Plan) -> list[str]:
    """Return what the plan refused and warned of, the gravest first, each once."""
    lint = [
        f"{timing.subject} {timing.question.replace('_', ' ')} "
        f"{short_seconds(timing.promised)}: {words}; {timing.because}"
        for state, words in _LINT.items()
        for timing in plan.timings
        if timing.state == state
    ]
    warned = [*plan.refusals, *plan.other_warnings, *lint, *plan.monitoring.problems]
    return list(dict.fromkeys(warned))


def experiments(plan: Plan) -> list[tuple[str, str, str]]:
    """Return each step's name, and its experiment's title and description."""
    entries = []
    for step in plan.scenario.steps:
        more = step.experiment.document.get("description")
        text = more.strip() if isinstance(more, str) else ""
        title = step.experiment.title
        entries.append((step.name, title, "" if text == title else text))
    return entries


def step_words(plan: Plan) -> dict[str, str]:
    """Return for each step what was planned: faults, victims, how long at most."""
    return {
        step.name: "; ".join(_fault(fault) for fault in step.faults)
        for step in plan.steps
    }


def _fault(fault: PlannedFault) -> str:
    victims = ", ".join(victim.name for victim in fault.victims)
    if fault.refusal:
        return f"{fault.request.kind} cannot be done: {fault.refusal}"
    return (
        f"{fault.request.kind} on {victims or fault.request.selection.service}, "
        f"{len(fault.victims)} of {fault.found}, "
        f"for {short_seconds(fault.duration)} at most"
    )
