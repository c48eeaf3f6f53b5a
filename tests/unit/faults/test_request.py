"""A fault's arguments, as text or as they are."""

from typing import Any

import pytest

from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.faults.request import parse_request


def test_text_and_values_ask_for_the_same() -> None:
    texts = {
        "service": "web",
        "count": "2",
        "by": "200ms",
        "jitter": "50ms",
        "peers": "db, cache",
        "duration": "1m30s",
    }
    values = {**texts, "count": 2, "peers": ["db", "cache"]}
    wanted = FaultRequest(
        kind="network.delay",
        selection=Selection(service="web", count=2),
        duration=90.0,
        arguments={"by": 0.2, "jitter": 0.05, "peers": ("db", "cache")},
    )
    assert parse_request("network.delay", texts) == wanted
    assert parse_request("network.delay", values) == wanted


def test_what_is_none_was_not_given() -> None:
    given = {"service": "web", "count": None, "share": "34%", "duration": None}
    request = parse_request("process.stop", given)
    assert request.selection == Selection(service="web", share=0.34)
    assert request.duration is None


def test_without_a_selector_it_is_one() -> None:
    request = parse_request("process.stop", {"service": "web"})
    assert request.selection == Selection(service="web", count=1)


@pytest.mark.parametrize("name", ["SIGTERM", "sigterm", "term", "15", 15])
def test_a_signal_has_many_names(name: Any) -> None:
    request = parse_request("process.kill", {"service": "web", "signal": name})
    assert request.arguments == {"signal": "SIGTERM"}


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("process.melt", {"service": "web"}, "no fault 'process.melt'"),
        ("process.stop", {}, "requires service"),
        ("process.stop", {"service": " "}, "service: is empty"),
        (
            "process.stop",
            {"service": "web", "by": "1s"},
            "has no argument 'by'",
        ),
        ("network.delay", {"service": "web"}, "requires by"),
        (
            "network.delay",
            {"service": "web", "by": "200"},
            "by: '200' is a bare",
        ),
        ("network.delay", {"service": "web", "by": 200}, "by: 200 is a bare"),
        ("network.delay", {"service": "web", "by": "0s"}, "by: '0s' is zero"),
        ("process.stop", {"service": "web", "count": "0"}, "count: '0'"),
        ("process.stop", {"service": "web", "count": True}, "count: true"),
        ("process.stop", {"service": "web", "count": "two"}, "count: 'two'"),
        ("process.stop", {"service": "web", "share": "0%"}, "not above 0% and"),
        (
            "process.stop",
            {"service": "web", "share": "101%"},
            "not above 0% and",
        ),
        ("process.stop", {"service": "web", "share": 0.3}, "0.3 is a bare number"),
        ("process.stop", {"service": "web", "instances": []}, "list is empty"),
        ("process.stop", {"service": "web", "instances": [1]}, "1 is not text"),
        ("network.partition", {"service": "web", "peers": []}, "peers: the list is em"),
        ("network.partition", {"service": "web", "peers": ""}, "peers: the list is em"),
        ("network.partition", {"service": "web", "peers": ","}, "peers: the list is e"),
        ("network.partition", {"service": "web", "peers": "db,"}, "has an empty name"),
        (
            "network.delay",
            {"service": "web", "by": "1s", "peers": [" "]},
            "peers: the list is empty",
        ),
        (
            "process.stop",
            {"service": "web", "count": 1, "share": "10%"},
            "count and share exclude each other",
        ),
        (
            "process.kill",
            {"service": "web", "signal": "SIGNOPE"},
            "is not a signal",
        ),
        (
            "kubernetes.config_removed",
            {"service": "web", "name": "../../kube-system/configmaps/coredns"},
            "name: .* is no object's name",
        ),
    ],
)
def test_what_is_wrong_is_said(kind: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_request(kind, given)
