"""Alertmanager's routing of labels that are known, and of those that are not."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.model.alerting.alert import AlertRule, Matcher, Receiver, Route, Routing
from gameday.model.alerting.known_labels import KnownLabels, exactly
from gameday.model.alerting.relabel import RelabelRule, sent
from gameday.model.timing.alert_path import candidate_labels, routes_taken


def route(to: str, *matchers: tuple[str, str, str], **rest: object) -> Route:
    return Route(
        receiver=to,
        matchers=tuple(Matcher(name=n, op=o, value=v) for n, o, v in matchers),
        **rest,  # type: ignore[arg-type]
    )


def certain(tree: Route, **labels: str) -> list[str]:
    """The receivers of an alert whose labels are all known."""
    reached = routes_taken(tree, exactly(labels))
    assert reached.certain == reached.possible
    return [group.receiver for group in reached.certain]


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
    reached = routes_taken(tree, KnownLabels({"y": "1"}))
    assert reached.perhaps("b")
    assert reached.perhaps("c")
    assert not reached.surely("c")
    assert not reached.perhaps("a")


def test_after_continue_the_next_child_has_it_for_certain() -> None:
    first = route("b", ("x", "=", "1"), goes_on=True)
    tree = route("a", routes=(first, route("c", ("y", "=", "1"))))
    reached = routes_taken(tree, KnownLabels({"y": "1"}))
    assert reached.surely("c")
    assert reached.perhaps("b")
    assert not reached.surely("b")


def test_one_receiver_behind_every_way_is_certain() -> None:
    tree = route("a", routes=(route("a", ("x", "=", "1")),))
    assert routes_taken(tree, KnownLabels()).surely("a")


def test_what_the_promise_says_of_a_template_is_only_that() -> None:
    rule = AlertRule(name="A", expr="x", labels={"team": "{{ $value }}", "s": "p"})
    candidate_groups = candidate_labels(rule, {"team": "web"})
    (labels,) = candidate_groups.labels
    assert (labels.get("team"), labels.get("s")) == ("web", "p")
    assert candidate_groups.templated == ("team",)
    (unsaid,) = candidate_labels(rule, {}).labels
    assert unsaid.get("team") is None


def test_receivers_are_found_by_name() -> None:
    routing = Routing(route=route("a"), receivers=(Receiver(name="a"),))
    assert routing.receiver("a") == Receiver(name="a")
    assert routing.receiver("b") is None


def test_the_series_that_there_are_tell_the_promised_alerts_labels() -> None:
    series = ({"i": "1", "team": "web"}, {"i": "2", "team": "api"})
    rule = AlertRule(name="A", expr="x", series=series, labels={"t": "{{ $labels.i }}"})
    candidate_groups = candidate_labels(rule, {"team": "web"})
    (labels,) = candidate_groups.labels
    assert (labels.get("i"), labels.get("t"), labels.get("zone")) == ("1", "1", "")
    assert (candidate_groups.asked, candidate_groups.templated) == (True, ())


def test_a_template_of_the_value_is_not_known_from_series_either() -> None:
    rule = AlertRule(name="A", expr="x", series=({},), labels={"s": "{{ $value }}"})
    assert candidate_labels(rule, {"s": "page"}).templated == ("s",)


def test_labels_that_no_series_has_now() -> None:
    rule = AlertRule(name="A", expr="x", series=({"i": "1"},))
    assert candidate_labels(rule, {"i": "2"}).unseen
    assert not candidate_labels(rule, {"i": "1"}).unseen


NAMES, VALUES = ["a", "b", "c"], ["", "1", "2"]
LABELS = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in NAMES})
MATCHERS = st.builds(
    Matcher,
    name=st.sampled_from(NAMES),
    op=st.sampled_from(["=", "!=", "=~", "!~"]),
    value=st.sampled_from(["", "1", "2", "1|2", ".*", ".+"]),
)


def routes(below: st.SearchStrategy[list[Route]]) -> st.SearchStrategy[Route]:
    return st.builds(
        Route,
        receiver=st.sampled_from(["r", "s", "t"]),
        matchers=st.lists(MATCHERS, max_size=2).map(tuple),
        goes_on=st.booleans(),
        routes=below.map(tuple),
    )


TREES = st.recursive(
    routes(st.just([])),
    lambda below: routes(st.lists(below, max_size=3)),
    max_leaves=8,
)


def half_known(labels: dict[str, str], hidden: set[str]) -> KnownLabels:
    """Return the labels, some of them not known."""
    known = {name: None if name in hidden else labels[name] for name in labels}
    return KnownLabels(known, others=False)


@given(TREES, LABELS, st.sets(st.sampled_from(NAMES)))
def test_what_is_half_known_is_never_said_to_be_certain(
    tree: Route, labels: dict[str, str], hidden: set[str]
) -> None:
    there = {path[-1].receiver for path in tree.paths(labels)}
    reached = routes_taken(tree, half_known(labels, hidden))
    assert there <= {route.receiver for route in reached.possible}
    assert {route.receiver for route in reached.certain} <= there
    for name in ("r", "s", "t"):
        assert name in there or not reached.surely(name)
        assert name not in there or reached.perhaps(name)


@given(TREES, LABELS)
def test_what_is_known_is_routed_as_alertmanager_does(
    tree: Route, labels: dict[str, str]
) -> None:
    reached = routes_taken(tree, exactly(labels))
    assert list(reached.certain) == [path[-1] for path in tree.paths(labels)]


ACTIONS = [
    *("replace", "keep", "drop", "keepequal", "dropequal"),
    *("labeldrop", "labelkeep", "labelmap", "uppercase"),
]
RELABELS = st.builds(
    RelabelRule,
    action=st.sampled_from(ACTIONS),
    source=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
    regex=st.sampled_from(["(.*)", "1", "a|b", "(1|2);?(.*)", ".+"]),
    target=st.sampled_from(["a", "b", "d"]),
    replacement=st.sampled_from(["$1", "x", "", "d"]),
)


@given(st.lists(RELABELS, max_size=4), LABELS, st.sets(st.sampled_from(NAMES)))
def test_what_is_half_known_is_relabelled_as_what_is_known(
    rules: list[RelabelRule], labels: dict[str, str], hidden: set[str]
) -> None:
    whole = sent(exactly(labels), {"e": "1"}, rules)
    half = sent(half_known(labels, hidden), {"e": "1"}, rules)
    assert half.dropped in (None, whole.dropped)
    if not whole.dropped and not half.dropped:
        for name in (*NAMES, "d", "e", "x"):
            assert half.labels.get(name) in (None, whole.labels.get(name))
