"""What happened to a promised alert's notifications: arrived, routed, held back."""

from dataclasses import dataclass
from functools import cached_property

from gameday.checks.episodes import Episode, fits
from gameday.checks.pages import Page
from gameday.checks.promise import Promised
from gameday.model.timeline import Event

_MUTES = {"inhibition": "an inhibition", "mute_time": "a mute time interval"}


@dataclass(frozen=True)
class Notified:
    """The notifications about one promised alert since the fault began."""

    promised: Promised

    @cached_property
    def pages(self) -> list[Page]:
        """Every page of the step, from the fault's start to the step's end."""
        pages = self.promised.step.run.mailbox.pages
        start, end = self.promised.start, self.promised.step.end
        return [page for page in pages if start <= page.at <= end]

    def first(self, receiver: str | None) -> Page | None:
        """Return the first page that says it fires, at this or (None) any receiver."""
        for page in self.pages:
            if receiver in (None, page.receiver) and self._fires(page):
                return page
        return None

    def others(self, receiver: str | None) -> list[str]:
        """Return which other receivers were told that it fires."""
        told = {page.receiver for page in self.pages if self._fires(page)}
        return sorted(told - {receiver})

    def resolved(self, receiver: str | None) -> Page | None:
        """Return the page after which no instance was left open there; None: one is.

        Each instance that the receiver was told of has to be resolved after its
        last firing page; the last of these resolutions counts.
        """
        last: Page | None = None
        for episode in self.promised.fired:
            pages = [one for one in self.pages if receiver in (None, one.receiver)]
            state, page = self._state(pages, episode)
            if state == "firing":
                return None
            if page is not None and (last is None or page.at > last.at):
                last = page
        return last

    def unmatched(self, receiver: str | None) -> str:
        """Return why a page that did arrive might be this alert's; empty: none is."""
        run = self.promised.step.run
        for page in self.pages:
            here = receiver in (None, page.receiver) and page.status != "resolved"
            known = any(run.mailbox.says(page, one) for one in run.episodes)
            if here and not known and run.mailbox.opaque(page):
                return f"a page at {page.receiver} could not be matched to an alert"
        return ""

    @cached_property
    def held_back(self) -> str:
        """By what Alertmanager itself held the alert back, other than a silence."""
        for event in self._suppressed():
            if event["by"] in _MUTES:
                detail = event.get("detail")
                return _MUTES[event["by"]] + (f" ({detail})" if detail else "")
        return ""

    @cached_property
    def silenced(self) -> bool:
        """Whether somebody silenced the alert while the step ran."""
        return any(event["by"] == "silence" for event in self._suppressed())

    @cached_property
    def routed(self) -> list[str]:
        """The receivers that Alertmanager's own routing named."""
        events = self._own(self.promised.step.run.timeline.of("routed"))
        return sorted({name for one in events for name in one["receivers"]})

    def _fires(self, page: Page) -> bool:
        mailbox = self.promised.step.run.mailbox
        return any(
            mailbox.says(page, episode) == "firing"
            for episode in self.promised.fired
            if page.at >= (episode.firing or 0.0) - 1.0  # clocks may differ a little
        )

    def _state(self, pages: list[Page], episode: Episode) -> tuple[str, Page | None]:
        """Return what the pages said last of an episode, and where that began."""
        mailbox = self.promised.step.run.mailbox
        state, since = "", None
        for page in pages:
            said = mailbox.says(page, episode)
            if said and said != state and (state or said == "firing"):
                state, since = said, page
        return state, since

    def _suppressed(self) -> list[Event]:
        return self._own(self.promised.step.run.timeline.of("suppressed"))

    def _own(self, events: list[Event]) -> list[Event]:
        promised = self.promised
        return [
            one
            for one in events
            if one["alert"] == promised.name
            and promised.start <= one.at <= promised.step.end
            and fits(promised.name, one["labels"], promised.promise.labels)
        ]
