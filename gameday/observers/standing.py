"""What is firing, pending and silenced right now, as both systems tell of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.errors import ObserverLost
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.standing import Standing, StandingAlert, StandingSilence
from gameday.model.quantity import parse_instant
from gameday.model.scenario import Observe
from gameday.observers.alertmanager import matcher_fields
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi, instant
from gameday.ports import Clock

PATIENCE = 2.0  # seconds; who does not answer is told of by the survey


def read_standing(observe: Observe, clock: Clock) -> Standing:
    """Return what is there; what cannot be asked tells nothing (the gate says so)."""
    alerts: dict[frozenset[tuple[str, str]], StandingAlert] = {}
    silences: tuple[StandingSilence, ...] = ()
    if observe.prometheus is not None:
        client = Client(observe.prometheus, clock, PATIENCE)
        for alert in _answer_or_nothing(
            client, lambda: list(_of_prometheus(client, clock))
        ):
            alerts.setdefault(frozenset(alert.labels.items()), alert)
    if observe.alertmanager is not None:
        client = Client(observe.alertmanager, clock, PATIENCE)
        for alert in _answer_or_nothing(client, lambda: list(_of_alertmanager(client))):
            alerts.setdefault(frozenset(alert.labels.items()), alert)
        client = Client(observe.alertmanager, clock, PATIENCE)
        silences = tuple(_answer_or_nothing(client, lambda: list(_silences(client))))
    return Standing(alerts=tuple(alerts.values()), silences=silences)


def _answer_or_nothing(client: Client, ask: Any) -> Any:
    try:
        return ask()
    except (ObserverLost, *MALFORMED):
        return []
    finally:
        client.close()


def _of_prometheus(client: Client, clock: Clock) -> Iterator[StandingAlert]:
    for alert in PrometheusApi(client, clock).data("/alerts")["alerts"]:
        labels = {key: value for key, value in alert["labels"].items() if value}
        since = instant(alert.get("activeAt"))
        yield StandingAlert(labels=labels, state=alert["state"], since=since)


def _of_alertmanager(client: Client) -> Iterator[StandingAlert]:
    """Yield what fires in any Prometheus that sends to this Alertmanager."""
    for alert in client.json("/api/v2/alerts"):
        since = parse_instant(alert["startsAt"])
        yield StandingAlert(labels=alert["labels"], state="firing", since=since)


def _silences(client: Client) -> Iterator[StandingSilence]:
    for silence in client.json("/api/v2/silences"):
        if silence["status"]["state"] != "active":
            continue
        yield StandingSilence(
            id=silence["id"],
            matchers=_matchers(silence),
            by=silence.get("createdBy", ""),
        )


def _matchers(silence: Mapping[str, Any]) -> tuple[Matcher, ...]:
    return tuple(Matcher(**matcher_fields(matcher)) for matcher in silence["matchers"])
