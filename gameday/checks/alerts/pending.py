"""How near an alert that never fired came to it: how long it was pending."""

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.record.episodes import fits
from gameday.model.quantity import show_duration


def pending_words(promised: PromisedAlert) -> str:
    """Return for how long of its `for` it was pending at most; empty: it was not."""
    lengths = [
        (promised.step.end if episode.resolved is None else episode.resolved)
        - episode.pending
        for episode in promised.step.run.episodes
        if episode.alert == promised.name
        and episode.firing is None
        and episode.pending is not None
        and promised.start <= episode.pending <= promised.step.end
        and fits(episode.alert, episode.labels, promised.promise.labels)
    ]
    if not lengths:
        return ""
    hold = max((rule.hold for rule in promised.rules), default=0.0)
    of = f" of its {show_duration(hold)}" if hold else ""
    return f"; it was pending for {show_duration(round(max(lengths), 3))}{of}"
