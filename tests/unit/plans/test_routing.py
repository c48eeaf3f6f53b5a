"""Alertmanager's routing: labels to routes."""

from gameday.model.alert import AlertRule, Matcher, Receiver, Route, Routing
from gameday.plans.routing import known_labels, receiver, routes_of


def route(to: str, *matchers: tuple[str, str, str], **rest: object) -> Route:
    return Route(
        receiver=to,
        matchers=tuple(Matcher(name=n, op=o, value=v) for n, o, v in matchers),
        **rest,  # type: ignore[arg-type]
    )


def ends(tree: Route, **labels: str) -> list[str]:
    return [found.receiver for found in routes_of(tree, labels)]


def test_the_first_child_that_fits_takes_the_alert() -> None:
    tree = route(
        "a", routes=(route("b", ("x", "=", "1")), route("c", ("x", "=~", ".*")))
    )
    assert ends(tree, x="1") == ["b"]
    assert ends(tree, x="2") == ["c"]


def test_continue_lets_later_children_have_it_too() -> None:
    first = route("b", ("x", "=", "1"), goes_on=True)
    tree = route("a", routes=(first, route("c", ("x", "=", "1"))))
    assert ends(tree, x="1") == ["b", "c"]


def test_without_a_child_the_route_itself_takes_it() -> None:
    assert ends(route("a", routes=(route("b", ("x", "!=", "")),))) == ["a"]


def test_a_regex_is_anchored_and_an_absent_label_is_empty() -> None:
    tree = route(
        "a", routes=(route("b", ("x", "=~", "ab")), route("c", ("y", "!~", ".+")))
    )
    assert ends(tree, x="cab", y="1") == ["a"]
    assert ends(tree, x="cab") == ["c"]


def test_templated_labels_are_known_only_from_the_promise() -> None:
    rule = AlertRule(name="A", expr="1", labels={"team": "{{ $labels.t }}", "s": "p"})
    assert known_labels(rule, {"team": "web"}) == {
        "alertname": "A",
        "team": "web",
        "s": "p",
    }
    assert "team" not in known_labels(rule, {})


def test_receivers_are_found_by_name() -> None:
    routing = Routing(route=route("a"), receivers=(Receiver(name="a"),))
    assert receiver(routing, "a") == Receiver(name="a")
    assert receiver(routing, "b") is None
