"""Clocks and instants, as other systems write them."""

import pytest

from gameday.checks.clocks import Clocks, instant


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1_767_225_600.5, 1_767_225_600.5),
        ("2026-01-01T00:00:00.5Z", 1_767_225_600.5),
        ("0001-01-01T00:00:00Z", None),  # Go's zero time: still firing
        ("soon", None),
        (None, None),
        (0, None),
    ],
)
def test_an_instant(written: object, seconds: float | None) -> None:
    assert instant(written) == seconds


def test_there_and_back() -> None:
    clocks = Clocks({"pager": (2.0, 0.5), "prometheus": (0.2, 0.5)})
    assert clocks.ours("pager", 102.0) == 100.0
    assert clocks.theirs("pager", 100.0) == 102.0
    assert clocks.ours("prometheus", 100.0) == 100.0
    assert clocks.error("prometheus") == 0.5
    assert (clocks.ours("target", 100.0), clocks.error("target")) == (100.0, 0.0)
