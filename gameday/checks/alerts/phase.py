"""The phase of a run's fault: where it fell between scrapes and evaluations."""

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.record.episodes import Episode
from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.expression import selectors
from gameday.model.alerting.expression_parser import parse
from gameday.model.events import Scrape
from gameday.model.slos.scraped import Target
from gameday.model.timing.phase import Grid, Phases, undecided
from gameday.model.timing.rule_delays import jobs_of


@frozen
class AddedPhase:
    """What the phase added to a time; `unknown`: why that cannot be told.

    `waited`: seconds from the change to the first evaluation that could see it. `at`:
    where in `period` the change fell. `since`: the scrapes and evaluations that decide,
    in seconds since the change.
    """

    waited: float = 0.0
    at: float = 0.0
    period: float = 0.0
    since: Phases | None = None
    unknown: str = ""

    def show(self) -> dict[str, object]:
        """Return it as evidence."""
        if self.since is None:
            return {"unknown": self.unknown}
        seconds = {
            "waited": self.waited,
            "at": self.at,
            "period": self.period,
            "scrape": self.since.scrapes.at,
            "scrape_interval": self.since.scrapes.every,
            "evaluation": self.since.evaluations.at,
            "evaluation_interval": self.since.evaluations.every,
        }
        return {name: round(value, 3) for name, value in seconds.items()}


def phase(
    promised: PromisedAlert, episode: Episode, change: float, slot: float
) -> AddedPhase:
    """Return the phase of a change; `slot`: an evaluation of the alert's rule."""
    phases = _phases(promised, episode, change, slot)
    if isinstance(phases, str):
        return AddedPhase(unknown=phases)
    return AddedPhase(
        waited=phases.seen(change) - change,
        at=phases.position(change),
        period=phases.period,
        since=phases.since(change),
    )


def _phases(
    promised: PromisedAlert, episode: Episode, change: float, slot: float
) -> Phases | str:
    run = promised.step.run
    if len(promised.rules) != 1:
        return "which rule it is of cannot be told"
    rule, monitoring = promised.rules[0], run.plan.monitoring
    every = rule.interval or monitoring.evaluation_interval
    why = undecided(rule, monitoring)
    if why or not every:
        return why or "the interval of its evaluations is not known"
    targets = _deciding_scrapes(promised.step, rule, episode, change)
    if len(targets) != 1:
        what = f"{len(targets)} scrape targets decide together"
        return what if targets else "no scrape of what it reads was recorded"
    (scrape,) = targets
    interval = scrape.interval or 0.0
    if not interval:
        return "the interval of its scrapes is not known"
    scraped = run.clocks.to_our_clock("prometheus", scrape.at)
    return Phases(Grid(scraped, interval), Grid(slot, every))


def _deciding_scrapes(
    step: StepRun, rule: AlertRule, episode: Episode, change: float
) -> list[Scrape]:
    """Return a scrape of each target that the rule reads for this alert."""
    run, expr = step.run, rule.expr
    newest = step.once(("newest scrapes", change), lambda: _newest_scrapes(run, change))
    read = step.once(("targets read", expr), lambda: _targets_read(run, expr))
    own = [
        newest[job, instance]
        for job, instance in read
        if episode.labels.get("instance") == instance
        and episode.labels.get("job", job) == job
    ]
    return own or [newest[target] for target in read]


def _newest_scrapes(run: Run, change: float) -> dict[Target, Scrape]:
    """Return each target's last scrape before a change; its first where none was."""
    newest: dict[Target, Scrape] = {}
    for scrape in run.timeline.of(Scrape):
        target = (scrape.job, scrape.instance)
        if target not in newest or scrape.at <= change:
            newest[target] = scrape
    return newest


def _targets_read(run: Run, expr: str) -> list[Target]:
    """Return the scrape targets of the record that an expression may select."""
    feeding = [
        (selector, {job.name for job in jobs_of(selector, run.plan.monitoring)})
        for selector in selectors(parse(expr))
        if selector.name
    ]
    targets = dict.fromkeys(
        (scrape.job, scrape.instance) for scrape in run.timeline.of(Scrape)
    )
    return [
        (job, instance)
        for job, instance in targets
        if any(
            job in jobs
            and selector.admits("job", job)
            and selector.admits("instance", instance)
            for selector, jobs in feeding
        )
    ]
