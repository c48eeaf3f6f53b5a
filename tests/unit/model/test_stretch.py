"""How many looks in a row are no chance any more."""

import pytest

from gameday.model.stretch import looks_in_a_row


@pytest.mark.parametrize(
    ("share", "looks"),
    [(0.0, 1), (1.0, 5), (0.9, 5), (0.5, 5), (0.3, 9), (0.1, 29)],
)
def test_the_rarer_the_failures_the_longer_it_takes(share: float, looks: int) -> None:
    assert looks_in_a_row(share) == looks
