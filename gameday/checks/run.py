"""A run as the checks see it: the timeline read once, for every step."""

from dataclasses import dataclass
from functools import cached_property

from gameday.checks.pages.chat import UnlabelledMessages
from gameday.checks.pages.holdings import read_holdings
from gameday.checks.pages.mailbox import Mailbox
from gameday.checks.pages.matching import Matching, read_matching
from gameday.checks.pages.mutes import Mute, MutingSilence, read_mutes, read_silences
from gameday.checks.pages.pages import Page, read_pages
from gameday.checks.record.clocks import Clocks, read_clocks, read_instances
from gameday.checks.record.episodes import Episode, read_episodes
from gameday.checks.record.lost_targets import Loss, read_losses
from gameday.checks.record.naming import Directory
from gameday.checks.record.observer_coverage import (
    ObserverCoverage,
    read_observer_coverage,
)
from gameday.checks.record.samples import Samples, read_samples
from gameday.model.events import InstanceChanged, RunEnded
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything a check may look at; what costs time is read when first needed."""

    plan: Plan
    timeline: Timeline
    ending: Ending
    because: str = ""
    broken: tuple[str, ...] = ()

    @cached_property
    def complete(self) -> bool:
        """Whether the record goes to the run's end; false: it was cut off."""
        return bool(self.timeline.of(RunEnded))

    @cached_property
    def last(self) -> float:
        """When the record ends."""
        events = self.timeline.of(RunEnded) or self.timeline.events
        return events[-1].at if events else 0.0

    @cached_property
    def clocks(self) -> Clocks:
        """The other systems' clocks."""
        return read_clocks(self.timeline)

    @cached_property
    def instance_changes(self) -> list[InstanceChanged]:
        """Every change of an instance, on gameday's clock."""
        return read_instances(self.timeline, self.clocks)

    @cached_property
    def episodes(self) -> list[Episode]:
        """Every alert's lives."""
        return read_episodes(self.timeline, self.clocks)

    @cached_property
    def matching(self) -> Matching:
        """Every alert that fired, and under which labels Alertmanager knew it."""
        return read_matching(
            self.timeline, self.episodes, self.pages, self.plan.monitoring.rules or ()
        )

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """Every page."""
        return read_pages(self.timeline, self.clocks)

    @cached_property
    def mutes(self) -> tuple[Mute, ...]:
        """Every time through which an alert was seen muted."""
        return read_mutes(self.timeline, self.matching, self.clocks)

    @cached_property
    def silences(self) -> tuple[MutingSilence, ...]:
        """Every silence."""
        return read_silences(self.timeline, self.clocks)

    @cached_property
    def mailbox(self) -> Mailbox:
        """What each page reports, and of which alert."""
        return Mailbox(
            self.pages,
            self.matching,
            self.clocks,
            routing=self.plan.monitoring.routing,
            mutes=self.mutes,
            chat=self._chat,
        )

    @cached_property
    def _chat(self) -> UnlabelledMessages:
        holdings = read_holdings(self.timeline, self.pages, self.matching, self.clocks)
        return UnlabelledMessages(
            holdings,
            self.pages,
            self.matching,
            routing=self.plan.monitoring.routing,
            mutes=self.mutes,
            accounted={"prometheus", "alertmanager"} <= set(self.sources),
        )

    @cached_property
    def directory(self) -> Directory:
        """The target's instances, by all that they go by."""
        return Directory(self.plan.instances, self.plan.scenario.target.name)

    @cached_property
    def observer_coverage(self) -> ObserverCoverage:
        """When each observer saw the system."""
        return read_observer_coverage(self.timeline, self.clocks)

    @cached_property
    def samples(self) -> Samples:
        """The SLOs' raw counters."""
        return read_samples(self.timeline, self.clocks)

    @cached_property
    def losses(self) -> list[Loss]:
        """Healthy scrape targets that were lost."""
        return read_losses(self.timeline, self.clocks, self.scrape_interval)

    @cached_property
    def scrape_interval(self) -> float:
        """Seconds between scrapes; from the samples where the plan could not tell."""
        return self.plan.monitoring.scrape_interval or self.samples.spacing

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The observers on the way of a page that this scenario has."""
        observe = self.plan.scenario.observe
        ways = {
            "prometheus": observe.prometheus,
            "alertmanager": observe.alertmanager,
            "pager": observe.pages,
        }
        return tuple(source for source, way in ways.items() if way is not None)

    def gap(self, start: float, end: float, *sources: str) -> str:
        """Return why one of these sources did not see all of a time."""
        gaps = (self.observer_coverage.gap(source, start, end) for source in sources)
        return next((gap for gap in gaps if gap), "")
