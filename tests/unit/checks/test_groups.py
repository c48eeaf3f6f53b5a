"""Alertmanager's groups: routes, keys, and their hashes."""

import pytest

from gameday.checks.pages.groups import groups_of, hashed
from gameday.model.alerting.alert import Matcher, Route, Routing


def fits(**labels: str) -> tuple[Matcher, ...]:
    return tuple(Matcher(name=key, op="=", value=text) for key, text in labels.items())


ROUTING = Routing(
    route=Route(
        receiver="default",
        group_by=("alertname",),
        routes=(
            Route(
                receiver="audit",
                matchers=fits(team="web"),
                group_by=("...",),
                goes_on=True,
            ),
            Route(
                receiver="oncall",
                matchers=fits(team="web", severity="page"),
                group_by=("service", "alertname"),
                group_interval=20.0,
                routes=(Route(receiver="night", matchers=fits(shift="night")),),
            ),
            Route(receiver="never", matchers=fits(team="web")),
        ),
    )
)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"team": "web", "severity": "page"}, ["audit", "oncall"]),
        ({"team": "web", "severity": "page", "shift": "night"}, ["audit", "night"]),
        ({"team": "web"}, ["audit", "never"]),
        ({"team": "db"}, ["default"]),
    ],
)
def test_where_an_alert_goes(labels: dict[str, str], receivers: list[str]) -> None:
    assert [group.receiver for group in groups_of(labels, ROUTING)] == receivers


def test_the_key_names_the_routes_and_the_groups_labels() -> None:
    labels = {"alertname": 'A "b"', "team": "web", "severity": "page", "service": "s"}
    audit, oncall = groups_of(labels, ROUTING)
    assert oncall.key == (
        '{}/{severity="page",team="web"}:{alertname="A \\"b\\"", service="s"}'
    )
    assert audit.key.startswith('{}/{team="web"}:{alertname=')
    assert audit.key.count("=") == 5
    assert oncall.interval == 20.0


def test_a_group_answers_to_its_key_and_to_the_keys_hash() -> None:
    group = groups_of({"alertname": "X"}, ROUTING)[0]
    assert group.called('{}:{alertname="X"}')
    assert group.called(hashed('{}:{alertname="X"}'))
    assert not group.called("{}:{}")


def test_without_routing_there_are_no_groups() -> None:
    assert groups_of({"alertname": "X"}, None) == []
