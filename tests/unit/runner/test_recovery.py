"""Whether SLIs are back for good: a stretch that is no lucky one."""

import pytest

from gameday.model.slos.slo import Slices
from gameday.runner.recovery import Recovery, SliNow
from tests.builders import objective


def broken(out: int, of: int) -> Recovery:
    """Return what was seen of a fault in which so many looks found an SLI out."""
    made = Recovery()
    for look in range(of):
        made.during(good=look >= out)
    return made


def test_where_nothing_was_out_one_look_is_enough() -> None:
    assert broken(0, 10).after(1.0, good=True)


def test_where_everything_was_out_it_takes_five() -> None:
    seen = broken(10, 10)
    assert [seen.after(float(look), good=True) for look in range(5)] == [
        *[False] * 4,
        True,
    ]


def test_a_lucky_scrape_is_no_recovery() -> None:
    seen = broken(1, 3)
    for look in range(7):
        assert not seen.after(float(look), good=True)
    assert not seen.after(7.0, good=False)
    assert not seen.after(8.0, good=True)


def test_a_minute_is_long_enough() -> None:
    seen = broken(1, 100)
    assert not seen.after(0.0, good=True)
    assert not seen.after(59.0, good=True)
    assert seen.after(60.0, good=True)


@pytest.mark.parametrize(("target", "within"), [(0.75, True), (0.85, False)])
def test_an_sli_of_slices_is_within_what_a_slice_tolerates(
    target: float, within: bool
) -> None:
    slo = objective(slices=Slices(length=60.0, target=target))
    now = SliNow(bad=20.0, total=100.0, last=0.0, spacing=1.0)
    assert now.within(slo) is within
