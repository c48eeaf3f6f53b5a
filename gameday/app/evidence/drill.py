"""`gameday drill`: a synthetic alert through Alertmanager to one receiver."""

import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gameday.app.evidence import coverage
from gameday.coverage.past import Drill
from gameday.errors import ObserverLost, UsageError
from gameday.frozen import frozen
from gameday.ledger.home import home
from gameday.model.alerting.alert import Matcher, Routing
from gameday.model.quantity import show_duration, show_instant
from gameday.model.scenario import Endpoint
from gameday.model.verdict import Outcome
from gameday.observers.http import MALFORMED, Client
from gameday.plans.drill import LABEL, LASTS, Around, DrillPlan, LiveGroup, plan_drill
from gameday.ports import Clock
from gameday.store import drills

LOOK = 0.5  # seconds between two looks for the page
_JSON = {"Content-Type": "application/json"}
# Of Alertmanager: attempts to notify, those that failed, and what it gave up. What it
# counts as a notification it counts before the first attempt.
_TRIED = "alertmanager_notification_requests_total"
_REFUSED = "alertmanager_notification_requests_failed_total"
_GIVEN_UP = "alertmanager_notifications_failed_total"
_ERROR = 300


@frozen
class DrillRequest:
    """Where Alertmanager and the far end are; empty: as the newest run had them."""

    receiver: str
    labels: Mapping[str, str]
    alertmanager: str = ""
    pages: str = ""


@frozen
class DrillResult:
    """What came of a drill. `after`: seconds until the page was there."""

    outcome: Outcome
    because: str
    after: float | None = None
    path: str = ""


class DrillRun:
    """One drill, planned against a live Alertmanager; close it in the end."""

    def __init__(self, wish: DrillRequest, clock: Clock) -> None:
        self._clock = clock
        observe = _newest()
        alertmanager, pages = observe
        if wish.alertmanager:
            alertmanager = Endpoint(url=wish.alertmanager)
        if wish.pages:
            pages = Endpoint(url=wish.pages)
        if alertmanager is None:
            raise UsageError("name the Alertmanager: --alertmanager URL")
        self._client = Client(alertmanager, clock)
        self._pager = Client(pages, clock) if pages else None
        self.number = f"drill-{secrets.token_hex(4)}"
        try:
            self.plan: DrillPlan = plan_drill(
                wish.receiver,
                self.number,
                wish.labels,
                self._routing(),
                self._alertmanager_now(),
            )
        except ValueError as error:
            self.close()
            raise UsageError(str(error)) from None
        except ObserverLost:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        if self._pager is not None:
            self._pager.close()

    def send(self) -> DrillResult:
        """Send it, wait for its page, end it, and keep what came of it."""
        before = self._counts()
        since = self._newest_page_number()
        begun = self._clock.now()
        self._post(begun, begun + LASTS)
        try:
            sent = self._wait(begun, since, before)
        finally:
            with suppress(ObserverLost):  # it ends by itself then
                self._post(begun, self._clock.now())
        drill = Drill(
            name=self.number,
            at=begun,
            receiver=self.plan.receiver,
            paths=self.plan.paths,
            delivered=sent.outcome is Outcome.PASS,
        )
        path = drills.store_drill(home(), drill)
        return DrillResult(
            outcome=sent.outcome, because=sent.because, after=sent.after, path=path
        )

    def _routing(self) -> Routing:
        from gameday.files.alertmanager import alertmanager

        try:
            text = str(self._client.json("/api/v2/status")["config"]["original"])
        except MALFORMED:
            raise ObserverLost(
                f"{self._client.url} does not answer like Alertmanager"
            ) from None
        routing, problems = alertmanager.parse(text, self._client.url, running=True)
        if routing is None:
            raise ObserverLost("; ".join(str(problem) for problem in problems))
        return routing

    def _alertmanager_now(self) -> Around:
        try:
            alerts = self._client.json("/api/v2/alerts")
            groups = self._client.json("/api/v2/alerts/groups")
            silences = self._client.json("/api/v2/silences")
            return Around(
                firing=tuple(dict(alert["labels"]) for alert in alerts),
                groups=tuple(_groups(groups)),
                silences={
                    str(silence["id"]): tuple(map(_matcher, silence["matchers"]))
                    for silence in silences
                    if silence["status"]["state"] == "active"
                },
                at=self._clock.now(),
            )
        except MALFORMED as error:
            raise ObserverLost(f"{self._client.url} answers oddly: {error}") from None

    def _post(self, starts: float, ends: float) -> None:
        import json

        alert = {
            "labels": dict(self.plan.labels),
            "annotations": {
                "summary": f"DRILL: gameday tries {self.plan.receiver.name}",
                "description": "Nothing is wrong. It ends by itself.",
            },
            "startsAt": show_instant(starts),
            "endsAt": show_instant(ends),
        }
        body = json.dumps([alert]).encode()
        answer = self._client.post("/api/v2/alerts", body, _JSON, 10.0)
        if answer.status >= _ERROR:
            raise ObserverLost(f"Alertmanager does not take it ({answer.status})")

    def _wait(
        self, begun: float, since: int | None, before: Mapping[str, float]
    ) -> DrillResult:
        limit = self.plan.waits
        while self._clock.now() - begun < limit:
            try:
                answer = self._page(since) if self._pager else self._counted(before)
            except ObserverLost as error:
                return DrillResult(outcome=Outcome.INCONCLUSIVE, because=str(error))
            if answer is not None:
                after = round(self._clock.now() - begun, 3)
                return DrillResult(outcome=answer[0], because=answer[1], after=after)
            self._clock.sleep(LOOK)
        said = f"no page of it came within {show_duration(limit)}"
        return DrillResult(outcome=Outcome.FAIL, because=said)

    def _newest_page_number(self) -> int | None:
        if self._pager is None:
            return None
        page_now = self._pager.json("/pages", {"since": 2**53, "wait": "0"})
        return int(page_now.get("seq") or 0)

    def _page(self, since: int | None) -> tuple[Outcome, str] | None:
        """Return that the drill's own page came; None: not yet."""
        if self._pager is None:
            return None
        pages_now = self._pager.json("/pages", {"since": since or 0, "wait": "0"})
        for page in pages_now.get("pages") or ():
            mine = page.get("receiver") == self.plan.receiver.name
            if mine and self.number in str(page):
                return Outcome.PASS, "its page arrived"
        return None

    def _counts(self) -> dict[str, float]:
        """Return Alertmanager's own counts by counter and integration."""
        import re

        answer = self._client.get("/metrics")
        counts: dict[str, float] = {}
        pattern = rf"^({_TRIED}|{_REFUSED}|{_GIVEN_UP})\{{([^}}]*)\}} (\S+)"
        for name, labels, value in re.findall(
            pattern, answer.body.decode(errors="replace"), re.MULTILINE
        ):
            kind = re.search(r'integration="([^"]*)"', labels)
            if kind:
                key = f"{name} {kind[1]}"
                counts[key] = counts.get(key, 0.0) + float(value)
        return counts

    def _counted(self, before: Mapping[str, float]) -> tuple[Outcome, str] | None:
        """Return what Alertmanager's own counts say; None: nothing yet.

        They do not say whose a notification was: with other alerts about, or another
        receiver of the drill that is told in the same way, it is open.
        """
        now = self._counts()
        ways = Counter(way.kind for way in self.plan.receiver.integrations)
        unknown = [kind for kind in sorted(ways) if f"{_TRIED} {kind}" not in now]
        if unknown:
            said = f"Alertmanager does not count what it sends by {', '.join(unknown)}"
            return Outcome.INCONCLUSIVE, f"{said}; --pages URL names the far end"
        whose = self._why_counts_unclear(set(ways))
        lost = [kind for kind in ways if _increase(before, now, f"{_GIVEN_UP} {kind}")]
        if lost and not whose:
            return Outcome.FAIL, f"Alertmanager could not deliver by {', '.join(lost)}"
        if any(_delivered(before, now, kind) < number for kind, number in ways.items()):
            return None
        if whose:
            said = f"{whose}: whose the notifications were cannot be told"
            return Outcome.INCONCLUSIVE, f"{said}; --pages URL names the far end"
        return Outcome.PASS, "Alertmanager delivered it, by its own count"

    def _why_counts_unclear(self, kinds: Collection[str]) -> str:
        """Return why counts of these integrations may be another's; empty: none is."""
        mine = self.plan.receiver.name
        alike = [
            receiver.name
            for receiver in self.plan.receivers
            if receiver.name != mine
            and any(way.kind in kinds for way in receiver.integrations)
        ]
        if alike:
            return f"{', '.join(alike)} hears of it in the same way"
        others = [
            alert
            for alert in self._alertmanager_now().firing
            if alert.get(LABEL) != self.number
        ]
        return "other alerts fire" if others else ""


def _delivered(
    before: Mapping[str, float], now: Mapping[str, float], kind: str
) -> float:
    """Return how many notifications arrived by an integration of that kind."""
    tried = _increase(before, now, f"{_TRIED} {kind}")
    return tried - _increase(before, now, f"{_REFUSED} {kind}")


def _increase(before: Mapping[str, float], now: Mapping[str, float], key: str) -> float:
    return now.get(key, 0.0) - before.get(key, 0.0)


def _newest() -> tuple[Endpoint | None, Endpoint | None]:
    """Return the Alertmanager and the pager of the newest stored run."""
    found, _ = coverage.read_pasts(())
    newest = max(found, key=lambda past: past.verdict.ended, default=None)
    if newest is None:
        return None, None
    observe = newest.plan.scenario.observe
    source = observe.pages.source if observe.pages else ""
    return observe.alertmanager, Endpoint(url=source) if source else None


def _groups(groups: Sequence[Mapping[str, Any]]) -> Iterator[LiveGroup]:
    for group in groups:
        yield LiveGroup(
            labels=dict(group["labels"]),
            receiver=str(group["receiver"]["name"]),
            alerts=tuple(dict(alert["labels"]) for alert in group["alerts"]),
        )


def _matcher(matcher: Mapping[str, Any]) -> Matcher:
    equal, regex = matcher.get("isEqual", True), matcher.get("isRegex", False)
    op = ("=~" if regex else "=") if equal else ("!~" if regex else "!=")
    return Matcher(name=str(matcher["name"]), op=op, value=str(matcher["value"]))


def local_time(at: float) -> datetime:
    """Return a moment as this machine's clock on the wall shows it."""
    return datetime.fromtimestamp(at, tz=UTC).astimezone()
