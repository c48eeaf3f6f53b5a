"""What Prometheus does to an alert's labels on their way, by known labels."""

import pytest

from gameday.model.alerting.known_labels import KnownLabels, exactly
from gameday.model.alerting.relabel import RelabelRule, sent
from gameday.model.timing.prometheus_settings import settings_of

PAGE = {"alertname": "Down", "severity": "page", "instance": "web-1:80"}


def relabelled(*rules: RelabelRule, **labels: str) -> dict[str, str | None]:
    """The labels that Alertmanager hears, without those that are absent."""
    told = sent(exactly({**PAGE, **labels}), {}, rules)
    assert told.dropped is False
    return {name: value for name, value in told.labels.values.items() if value != ""}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        (RelabelRule(target="team", replacement="web"), {"team": "web"}),
        (
            RelabelRule(source=("instance",), regex="(.*):.*", target="host"),
            {"host": "web-1"},
        ),
        (
            RelabelRule(
                source=("severity", "instance"),
                regex="(p.*);(.*)",
                target="$1",
                replacement="${2}x",
            ),
            {"page": "web-1:80x"},
        ),
        # The expression does not fit the whole value: nothing happens.
        (RelabelRule(source=("severity",), regex="pag", target="team"), {}),
        # An empty replacement takes the label away.
        (RelabelRule(target="severity", replacement=""), {"severity": None}),
        (RelabelRule(action="labeldrop", regex="sev.*"), {"severity": None}),
        (
            RelabelRule(action="labelkeep", regex="alertname|instance"),
            {"severity": None},
        ),
        (
            RelabelRule(action="labelmap", regex="(inst)ance", replacement="$1"),
            {"inst": "web-1:80"},
        ),
        (
            RelabelRule(action="uppercase", source=("severity",), target="severity"),
            {"severity": "PAGE"},
        ),
    ],
)
def test_what_an_action_makes(
    rule: RelabelRule, changed: dict[str, str | None]
) -> None:
    wanted = {k: v for k, v in {**PAGE, **changed}.items() if v is not None}
    assert relabelled(rule) == wanted


@pytest.mark.parametrize(
    ("rule", "dropped"),
    [
        (RelabelRule(action="drop", source=("severity",), regex="page"), True),
        (RelabelRule(action="drop", source=("severity",), regex="pag"), False),
        (RelabelRule(action="keep", source=("severity",), regex="page"), False),
        (RelabelRule(action="keep", source=("severity",), regex="x"), True),
        (RelabelRule(action="keep", source=("zone",), regex="a"), None),
        (RelabelRule(action="drop", source=("zone",)), True),
        (RelabelRule(action="dropequal", source=("severity",), target="zone"), None),
        (
            RelabelRule(action="keepequal", source=("severity",), target="severity"),
            False,
        ),
    ],
)
def test_which_action_drops(rule: RelabelRule, dropped: bool | None) -> None:
    """The zone is not known: None, unless any value of it is dropped."""
    assert sent(KnownLabels(PAGE), {}, [rule]).dropped is dropped


def test_a_label_made_of_what_is_not_known_is_not_known() -> None:
    rule = RelabelRule(source=("zone",), regex="(.*)-.*", target="region")
    labels = sent(KnownLabels(PAGE), {}, [rule]).labels
    assert labels.get("region") is None
    assert labels.get("severity") == "page"


@pytest.mark.parametrize(
    ("own", "heard"),
    [(exactly({}), "prod"), (exactly({"c": "x"}), "x"), (KnownLabels(), None)],
)
def test_external_labels_are_added_where_there_is_none(
    own: KnownLabels, heard: str | None
) -> None:
    assert sent(own, {"c": "prod"}, []).labels.get("c") == heard


def test_an_external_label_of_the_environment_is_not_known() -> None:
    assert sent(exactly({}), {"c": "${CLUSTER}"}, []).labels.get("c") is None


def test_relabelling_sees_external_labels() -> None:
    rule = RelabelRule(action="labeldrop", regex="replica")
    assert sent(exactly({}), {"replica": "a"}, [rule]).labels.get("replica") == ""


def test_the_only_alertmanagers_own_rules_come_last() -> None:
    first, own = {"regex": "a", "action": "labeldrop"}, {"regex": "b", "action": "Drop"}
    settings = settings_of(
        {
            "alerting": {
                "alert_relabel_configs": [first],
                "alertmanagers": [{"alert_relabel_configs": [own]}],
            }
        }
    )
    assert [(relabel.action, relabel.regex) for relabel in settings.relabels] == [
        ("labeldrop", "a"),
        ("drop", "b"),
    ]


@pytest.mark.parametrize("broken", [None, [], {"global": 3, "scrape_configs": "x"}])
def test_what_is_not_right_has_the_defaults(broken: object) -> None:
    settings = settings_of(broken)
    assert (settings.scrape_interval, settings.evaluation_interval) == (60.0, 60.0)
    assert (settings.jobs, settings.relabels, settings.query_offset) == ((), (), 0.0)
