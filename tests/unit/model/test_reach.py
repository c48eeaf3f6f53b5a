"""Alertmanager's routing of labels that are known, and of those that are not."""

from gameday.model.alert import AlertRule, Matcher, Receiver, Route, Routing
from gameday.model.known_labels import KnownLabels, exactly
from gameday.model.promised_labels import candidates
from gameday.model.reach import ends


def route(to: str, *matchers: tuple[str, str, str], **rest: object) -> Route:
    return Route(
        receiver=to,
        matchers=tuple(Matcher(name=n, op=o, value=v) for n, o, v in matchers),
        **rest,  # type: ignore[arg-type]
    )


def certain(tree: Route, **labels: str) -> list[str]:
    """The receivers of an alert whose labels are all known."""
    found = ends(tree, exactly(labels))
    assert found.certain == found.possible
    return [one.receiver for one in found.certain]


def test_the_first_child_that_fits_takes_the_alert() -> None:
    tree = route(
        "a", routes=(route("b", ("x", "=", "1")), route("c", ("x", "=~", ".*")))
    )
    assert certain(tree, x="1") == ["b"]
    assert certain(tree, x="2") == ["c"]


def test_continue_lets_later_children_have_it_too() -> None:
    first = route("b", ("x", "=", "1"), goes_on=True)
    tree = route("a", routes=(first, route("c", ("x", "=", "1"))))
    assert certain(tree, x="1") == ["b", "c"]


def test_without_a_child_the_route_itself_takes_it() -> None:
    assert certain(route("a", routes=(route("b", ("x", "!=", "")),))) == ["a"]


def test_a_regex_is_anchored_and_an_absent_label_is_empty() -> None:
    tree = route(
        "a", routes=(route("b", ("x", "=~", "ab")), route("c", ("y", "!~", ".+")))
    )
    assert certain(tree, x="cab", y="1") == ["a"]
    assert certain(tree, x="cab") == ["c"]


def test_a_regex_is_re2s() -> None:
    """amtool: cluster=prod goes to oncall by `cluster=~"[[:alpha:]]+"`."""
    tree = route("a", routes=(route("b", ("cluster", "=~", "[[:alpha:]]+")),))
    assert certain(tree, cluster="prod") == ["b"]
    assert certain(tree, cluster="[") == ["a"]


def test_a_label_that_is_not_known_may_lead_anywhere() -> None:
    tree = route("a", routes=(route("b", ("x", "=", "1")), route("c", ("y", "=", "1"))))
    found = ends(tree, KnownLabels({"y": "1"}))
    assert found.perhaps("b")
    assert found.perhaps("c")
    assert not found.surely("c")
    assert not found.perhaps("a")


def test_after_continue_the_next_child_has_it_for_certain() -> None:
    first = route("b", ("x", "=", "1"), goes_on=True)
    tree = route("a", routes=(first, route("c", ("y", "=", "1"))))
    found = ends(tree, KnownLabels({"y": "1"}))
    assert found.surely("c")
    assert found.perhaps("b")
    assert not found.surely("b")


def test_one_receiver_behind_every_way_is_certain() -> None:
    tree = route("a", routes=(route("a", ("x", "=", "1")),))
    assert ends(tree, KnownLabels()).surely("a")


def test_what_the_promise_says_of_a_template_is_only_that() -> None:
    rule = AlertRule(name="A", expr="x", labels={"team": "{{ $value }}", "s": "p"})
    found = candidates(rule, {"team": "web"})
    (labels,) = found.labels
    assert (labels.get("team"), labels.get("s")) == ("web", "p")
    assert found.templated == ("team",)
    (unsaid,) = candidates(rule, {}).labels
    assert unsaid.get("team") is None


def test_receivers_are_found_by_name() -> None:
    routing = Routing(route=route("a"), receivers=(Receiver(name="a"),))
    assert routing.receiver("a") == Receiver(name="a")
    assert routing.receiver("b") is None
