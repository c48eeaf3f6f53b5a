"""Whether anything rings that nobody promised.

Alerts that began to fire between the fault's start and the end of the aftermath;
also pages about alerts that this Prometheus does not have. An alert that fired
before the fault is no effect of it.
"""

from gameday.checks.episodes import Episode, fits
from gameday.checks.pages import Page, Told
from gameday.checks.question import Answer, Question, failed, passed
from gameday.checks.step import StepRun
from gameday.model.alert import AlertRule

_SHOWN = 20


def no_other_alerts(step: StepRun, _: Question) -> Answer:
    """Nothing rang but what was promised."""
    offenders = [one for one in step.run.episodes if _offends(step, one)]
    strangers = _strange_pages(step)
    names = dict.fromkeys([*(one.alert for one in offenders), *strangers])
    evidence = {
        "offenders": [one.show() for one in offenders[:_SHOWN]],
        "pages": list(strangers)[:_SHOWN],
    }
    if names:
        times = [one.firing or 0.0 for one in offenders]
        first = min([*times, *strangers.values()])
        said = f"nobody promised {', '.join(names)}, which rang"
        return failed(said, evidence=evidence, decided=first)
    answer = passed("nothing rang that was not promised", evidence=evidence)
    gap = _gap(step)
    return answer.unsure(gap) if gap else answer


def _gap(step: StepRun) -> str:
    start, end = step.start or 0.0, step.end
    gap = step.run.gap(start, end, "prometheus", *step.run.sources)
    if gap:
        return gap
    rules = step.run.plan.eyes.rules
    names: set[str] | None = None
    groups: set[str] = set()
    if rules is not None:
        watched = [rule for rule in rules if _matters(step, rule)]
        names = {rule.name for rule in watched}
        groups = {rule.group for rule in watched}
        if not watched:
            return ""
    return step.run.sight.rules_gap(names, groups, (start, end))


def _matters(step: StepRun, rule: AlertRule) -> bool:
    """Whether a rule's alerts could be unexpected: not excepted, not narrowed away."""
    asked = step.step.expect.no_other_alerts
    if rule.name in asked.except_:
        return False
    static = {key: text for key, text in rule.labels.items() if "{{" not in text}
    return all(
        static[key] == text for key, text in asked.matching.items() if key in static
    )


def _offends(step: StepRun, episode: Episode) -> bool:
    start, firing = step.start or 0.0, episode.firing
    if firing is None or not start <= firing <= step.end:
        return False
    return not _expected(step, episode.alert, dict(episode.labels))


def _expected(step: StepRun, name: str, labels: dict[str, str]) -> bool:
    asked = step.step.expect.no_other_alerts
    if name in asked.except_ or not fits(name, labels, asked.matching):
        return True
    return any(
        promise.alert == name and fits(name, labels, promise.labels)
        for promise in step.step.expect.alerts
    )


def _strange_pages(step: StepRun) -> dict[str, float]:
    """Return alerts that only pages tell of, with the time of the first page."""
    known = {one.alert for one in step.run.episodes}
    found: dict[str, float] = {}
    for page in step.run.mailbox.pages:
        for told in page.alerts:
            name = told.labels.get("alertname", "")
            strange = name and name not in known and _new(step, page, told)
            if strange and not _expected(step, name, dict(told.labels)):
                found.setdefault(name, page.at)
    return found


def _new(step: StepRun, page: Page, told: Told) -> bool:
    """Whether a page tells of an alert that began in the step, as far as it says."""
    start = step.start or 0.0
    began = told.starts is not None and told.starts >= start
    return began and told.status == "firing" and start <= page.at <= step.end
