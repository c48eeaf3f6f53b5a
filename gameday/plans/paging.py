"""What stands between a promised alert and its page, as far as it can be known."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, InhibitRule, Receiver, Route
from gameday.model.alerting.always import always
from gameday.model.alerting.known_labels import KnownLabels
from gameday.model.alerting.time_interval import Muting
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise, Step
from gameday.model.timing.alert_path import (
    AlertPath,
    candidate_labels,
    find_alert_path,
    rules_for,
)
from gameday.model.timing.alert_timing import first_page_within

MINUTE = 60.0  # seconds: time intervals begin and end on whole ones


class PagingDoubt(NamedTuple):
    """Why a promise is not guaranteed, or cannot be kept (`state`)."""

    state: str
    because: str


@frozen(kw_only=False)
class _Page:
    """A page that is promised: of which alert, and on which way."""

    step: Step
    promise: AlertPromise
    rule: AlertRule
    monitoring: Monitoring

    @property
    def alert_path(self) -> AlertPath:
        """The way that the alert takes through Alertmanager."""
        return find_alert_path(self.promise, self.rule, self.monitoring)


def doubts(promise: AlertPromise, rules: Sequence[AlertRule]) -> Iterator[PagingDoubt]:
    """Yield what is not known of the alert itself: whether it can be this one."""
    yield from _of_expressions(rules)
    yield from _of_labels(promise, rules)


def _of_expressions(rules: Sequence[AlertRule]) -> Iterator[PagingDoubt]:
    """Yield that the expressions hold never, or always, whatever is observed."""
    truths = [always(rule.expr) for rule in rules]
    if all(truth is False for truth in truths):
        yield PagingDoubt(
            "cannot_be_kept", "its expression reads no series and never holds"
        )
    elif all(truths):
        said = "it fires always, whatever the fault: its expression reads no series"
        yield PagingDoubt("not_guaranteed", said)


def _of_labels(
    promise: AlertPromise, rules: Sequence[AlertRule]
) -> Iterator[PagingDoubt]:
    """Yield why the alert may not have the promised labels."""
    label_sets = [candidate_labels(rule, promise.labels) for rule in rules]
    wanted = ", ".join(f'{name}="{text}"' for name, text in promise.labels.items())
    if not any(candidate.labels for candidate in label_sets):
        yield PagingDoubt("cannot_be_kept", f"no alert of this rule can have {wanted}")
    elif all(candidate.unseen for candidate in label_sets):
        said = f"no series that its expression selects now has {wanted}"
        yield PagingDoubt("not_guaranteed", said)
    elif all(candidate.templated for candidate in label_sets):
        name = label_sets[0].templated[0]
        yield PagingDoubt(
            "not_guaranteed",
            f"the rule makes {name} of a template, {rules[0].labels[name]}: whether "
            f"it will be {promise.labels[name]!r} is not known before it fires",
        )


def page_doubts(
    step: Step,
    promise: AlertPromise,
    question: str,
    rules: Iterable[AlertRule],
    monitoring: Monitoring,
) -> Iterator[PagingDoubt]:
    """Yield what may keep the page from its receiver."""
    if monitoring.routing is None:
        return
    for rule in rules:
        page = _Page(step, promise, rule, monitoring)
        yield from _sent(page)
        yield from _routed(page)
        yield from _received(page, question)
        yield from _muted(page)
        yield from _inhibited(page)


def unheard_receivers(
    promise: AlertPromise, monitoring: Monitoring
) -> Iterator[PagingDoubt]:
    """Yield which promised receivers are told in ways that no pager can receive."""
    for name in promise.reaches:
        there = (
            None if monitoring.routing is None else monitoring.routing.receiver(name)
        )
        if there is not None and there.unobservable:
            said = (
                f"receiver {name!r} is told by {there.unobservable}, which the pager "
            )
            said += "cannot receive: whether its page arrives will not be seen"
            yield PagingDoubt("not_guaranteed", said)


def _sent(page: _Page) -> Iterator[PagingDoubt]:
    dropped = page.alert_path.dropped
    if dropped:
        yield PagingDoubt("cannot_be_kept", "alert_relabel_configs drop the alert")
    elif dropped is None:
        said = "alert_relabel_configs may drop the alert: they read labels of its "
        yield PagingDoubt("not_guaranteed", said + "series, which are not known")


def _routed(page: _Page) -> Iterator[PagingDoubt]:
    ends = page.alert_path.ends
    for wanted in page.promise.reaches:
        if ends.surely(wanted) or not ends.possible:
            continue
        listed = ", ".join(sorted({route.receiver for route in ends.possible}))
        if not ends.perhaps(wanted):
            said = f"the routes lead to {listed}, not to {wanted!r}"
            yield PagingDoubt("cannot_be_kept", said)
            continue
        known = candidate_labels(page.rule, page.promise.labels)
        which = "of the series that there are now" if known.asked else "that are known"
        said = f"by the labels {which}, the routes may lead to {listed}"
        yield PagingDoubt("not_guaranteed", said)


def _received(page: _Page, question: str) -> Iterator[PagingDoubt]:
    for there in _promised_receivers(page):
        if not there.integrations:
            yield from _doubts_of_empty_page(page, there, question)
        elif question == "page_resolves_within" and not there.tells_resolved:
            said = f"receiver {there.name!r} has no integration with send_resolved"
            yield PagingDoubt("cannot_be_kept", said)


def _promised_receivers(page: _Page) -> Iterator[Receiver]:
    routing = page.monitoring.routing
    names = page.promise.reaches or sorted(
        {route.receiver for route in page.alert_path.routes}
    )
    for name in names:
        there = None if routing is None else routing.receiver(name)
        if there is not None:
            yield there


def _doubts_of_empty_page(
    page: _Page, there: Receiver, question: str
) -> Iterator[PagingDoubt]:
    routing, promise = page.monitoring.routing, page.promise
    timed = promise.pages_within is not None or promise.page_resolves_within is not None
    anywhere = routing is not None and any(
        receiver.integrations for receiver in routing.receivers
    )
    if anywhere or timed or question != "reaches":
        said = f"receiver {there.name!r} has no integration: nobody hears of a page"
        yield PagingDoubt("cannot_be_kept", said)
        return
    # A file whose receivers are all bare shows the routes alone.
    said = f"routed to {there.name!r}, but no receiver here has an integration"
    yield PagingDoubt("not_checked", said)


def _muted(page: _Page) -> Iterator[PagingDoubt]:
    routes = page.alert_path.routes
    for wanted in page.promise.reaches or ("",):
        ways = [route for route in routes if wanted in ("", route.receiver)]
        muted = [_mute(page, route) for route in ways]
        told = [doubt for doubt in muted if doubt is not None]
        if len(told) == len(muted):  # otherwise a way that nothing mutes is open
            yield from sorted(told)[-1:]


def _mute(page: _Page, route: Route) -> PagingDoubt | None:
    monitoring = page.monitoring
    muting = None if monitoring.routing is None else monitoring.routing.muting(route)
    if muting is None or monitoring.at is None:
        return None
    named = f"the route to {route.receiver!r} is muted by its time intervals "
    named += f"({muting.names})"
    ever = muting.ever(monitoring.at)
    if ever:
        return PagingDoubt("cannot_be_kept", f"{named} at all times")
    if ever is None and not monitoring.live:
        return PagingDoubt("not_guaranteed", f"{named} at times")
    return None if ever is False else _muted_now(page, muting, named, monitoring.at)


def _muted_now(
    page: _Page, muting: Muting, named: str, now: float
) -> PagingDoubt | None:
    due = max(MINUTE, first_page_within(page.promise, page.monitoring))
    looks = [muting.at(now + MINUTE * n) for n in range(int(due // MINUTE) + 2)]
    if all(looks):
        return PagingDoubt("cannot_be_kept", f"{named} now")
    if any(look is not False for look in looks):
        return PagingDoubt("not_guaranteed", f"{named} during the game day, or may be")
    return None


def _inhibited(page: _Page) -> Iterator[PagingDoubt]:
    routing = page.monitoring.routing
    if routing is None:
        return
    for labels in page.alert_path.labels:
        for inhibit in routing.inhibit:
            yield from _by_constants(page, inhibit, labels)
            yield from _by_promised(page, inhibit, labels)


def _by_constants(
    page: _Page, inhibit: InhibitRule, labels: KnownLabels
) -> Iterator[PagingDoubt]:
    """Yield what an alert that always fires inhibits."""
    for rule in page.monitoring.rules or ():
        if rule == page.rule or not always(rule.expr):
            continue
        source = AlertPromise(alert=rule.name)
        fits = [
            _inhibits(inhibit, label, labels)
            for label in find_alert_path(source, rule, page.monitoring).labels
        ]
        if True in fits:
            said = f"it is inhibited by {rule.name}, which always fires"
            yield PagingDoubt("cannot_be_kept", said)
        elif None in fits:
            said = f"it may be inhibited by {rule.name}, which always fires"
            yield PagingDoubt("not_guaranteed", said)


def _by_promised(
    page: _Page, inhibit: InhibitRule, labels: KnownLabels
) -> Iterator[PagingDoubt]:
    """Yield what another promised alert of the same step inhibits."""
    for promise in page.step.expect.alerts:
        if promise == page.promise:
            continue
        sources = [
            label
            for rule in rules_for(promise, page.monitoring.rules or ())
            for label in find_alert_path(promise, rule, page.monitoring).labels
        ]
        if any(_inhibits(inhibit, source, labels) for source in sources):
            said = f"it is inhibited while {promise.alert} fires, which this step "
            yield PagingDoubt("not_guaranteed", said + "promises too")


def _inhibits(
    inhibit: InhibitRule, source: KnownLabels, target: KnownLabels
) -> bool | None:
    """Return whether one alert mutes another; None if that is not known.

    An alert that matches both sides is not muted by another that matches both, and so
    never by itself (Alertmanager, "Inhibition").
    """
    fits = [
        source.match_all(inhibit.source),
        target.match_all(inhibit.target),
        *(_is_equal(source.get(name), target.get(name)) for name in inhibit.equal),
    ]
    both = source.match_all(inhibit.target), target.match_all(inhibit.source)
    if False in fits or both == (True, True):
        return False
    if None in fits or (None in both and False not in both):
        return None
    return True


def _is_equal(value: str | None, other: str | None) -> bool | None:
    return None if None in (value, other) else value == other
