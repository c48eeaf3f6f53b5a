"""What reads parsed files and expressions takes anything: it is judged elsewhere."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.model.alerting.expression_parser import parse, series_expression
from gameday.model.alerting.time_interval import Muting, intervals_of
from gameday.model.timing.prometheus_settings import settings_of

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-99, 9999),
    st.sampled_from(
        ["", "5m", "1:-1", "monday:friday", "25:99", "-1:00", "x", "UTC", "Europe", "("]
    ),
    st.text(max_size=4),
)
KEYS = st.sampled_from(
    [
        *("global", "scrape_configs", "alerting", "alert_relabel_configs", "regex"),
        *("scrape_interval", "external_labels", "job_name", "source_labels"),
        *("time_intervals", "mute_time_intervals", "name", "times", "weekdays"),
        *("days_of_month", "months", "years", "location", "start_time", "end_time"),
    ]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=4)
    ),
    max_leaves=15,
)
INTERVALS = st.fixed_dictionaries(
    {
        "time_intervals": st.lists(
            st.fixed_dictionaries(
                {"time_intervals": st.lists(st.dictionaries(KEYS, ANYTHING))}
            ),
            max_size=2,
        )
    }
)


@given(ANYTHING)
def test_a_configuration(document: object) -> None:
    settings = settings_of(document)
    assert settings.scrape_interval > 0
    intervals_of(document)


@given(INTERVALS)
def test_time_intervals(document: object) -> None:
    intervals = intervals_of(document)
    for muting in (Muting(mutes=intervals), Muting(actives=intervals)):
        assert muting.ever(1.7e9) in (True, False, None)
        assert muting.at(1.7e9) in (True, False, None)


@given(st.text(alphabet='ab({[]})"=~!<>+-*/ 1m:@,|\\', max_size=30))
def test_an_expression(text: str) -> None:
    parse(text)
    series_expression(text)
