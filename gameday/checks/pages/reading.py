"""A reading: what one page says of one alert, and how that is known."""

from collections.abc import Mapping

from gameday.checks.pages.matching import Match
from gameday.checks.pages.pages import Mention, Page
from gameday.checks.record.episodes import Episode
from gameday.frozen import frozen
from gameday.model.quantity import show_instant

BY_TITLE, BY_KEY, ALONE = "its title", "its group's key", "the only group that was due"


@frozen
class Reading:
    """What one page says of one alert; `mention` None: its labels are not in it.

    `began`: since when the alert of which it speaks had been firing, on our clock.
    """

    page: Page
    status: str
    match: Match
    mention: Mention | None = None
    life: Episode | None = None
    began: float | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the page's entry, or what is known of the alert."""
        if self.mention is not None and self.mention.labels:
            return self.mention.labels
        return self.match.identity.labels if self.match.identity else {}

    @property
    def opaque(self) -> bool:
        """Whether neither its labels nor its alert are known."""
        return not self.match.identities and not self.labels

    def show(self) -> dict[str, object]:
        """Return the page as evidence, with how it was told whose it is."""
        shown = {**self.page.show(), "by": self.by}
        if self.mention is not None and self.mention.starts is not None:
            shown["starts"] = show_instant(self.mention.starts)
        return shown

    @property
    def by(self) -> str:
        """By what it was told whose page it is."""
        return self.match.by or ("labels" if self.labels else "")
