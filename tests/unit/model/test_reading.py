"""Terms that are no counters, read as ones."""

import math

import pytest

from gameday.model.reading import pairs
from gameday.model.slos.slo import OBSERVATIONS, UP_TO, Bucket, Series, Term

ROOT = 2**0.25
# What Prometheus 3.16 says of the same histograms and limits:
# histogram_fraction(0, LIMIT, h) * histogram_count(h).
POSITIVE = ((-0.001, 0.001, 2), (0.5, 1, 3), (1, 2, 5), (2, 4, 6), (4, 8, 4))
MIXED = (
    *((-ROOT, -1, 1), (-1, -1 / ROOT, 2), (-0.5, 0.5, 1)),
    *((1 / ROOT, 1, 3), (1, ROOT, 5)),
)
CUSTOM = ((-math.inf, 0.1, 3), (0.1, 0.3, 5), (0.3, 1, 1), (1, math.inf, 1))
UP_TO_LIMIT = [
    (POSITIVE, 0.2, 2.0),
    (POSITIVE, 3.0, 13.509775004326938),
    (POSITIVE, 0.0005, 1.0),
    (POSITIVE, 8.0, 20.0),
    (MIXED, 1.1, 6.250070474998701),
    (MIXED, 0.2, 0.2),
    (CUSTOM, 0.2, 5.5),
    (CUSTOM, 5.0, 9.0),
]


def of(*buckets: tuple[float, float, float], at: float = 1.0) -> Series:
    read = tuple(Bucket(*bucket) for bucket in buckets)
    return Series(labels={}, samples=(), histograms=((at, read),))


@pytest.mark.parametrize(("buckets", "limit", "expected"), UP_TO_LIMIT)
def test_observations_up_to_a_limit_are_as_prometheus_says(
    buckets: tuple[tuple[float, float, float], ...], limit: float, expected: float
) -> None:
    term = Term(selector="h", reads=UP_TO, limit=limit)
    ((at, value),) = pairs(term, of(*buckets), 0.0, 0.0)
    assert at == 1.0
    assert value == pytest.approx(expected, rel=1e-12)


def test_all_observations_of_a_histogram() -> None:
    term = Term(selector="h", reads=OBSERVATIONS)
    assert list(pairs(term, of(*POSITIVE), 0.0, 7.0)) == [(1.0, 20.0)]
    assert list(pairs(term, of(*POSITIVE), 1.0, 7.0)) == []


GAUGE = Series(labels={}, samples=((1.0, 5.0), (2.0, 10.0), (3.0, 15.0), (4.0, 1.0)))


@pytest.mark.parametrize(
    ("reads", "limit", "expected"),
    [
        ("counter", 0.0, [10.0, 15.0, 1.0]),
        ("samples", 0.0, [101.0, 102.0, 103.0]),
        ("values", 0.0, [110.0, 125.0, 126.0]),
        ("lt", 10.0, [100.0, 100.0, 101.0]),
        ("lte", 10.0, [101.0, 101.0, 102.0]),
        ("gt", 10.0, [100.0, 101.0, 101.0]),
        ("gte", 10.0, [101.0, 102.0, 102.0]),
    ],
)
def test_samples_are_summed_up(reads: str, limit: float, expected: list[float]) -> None:
    term = Term(selector="g", reads=reads, limit=limit)
    assert [value for _, value in pairs(term, GAUGE, 1.0, 100.0)] == expected
