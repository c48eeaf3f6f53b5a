"""How a term of an SLO is read out of a series: which of its samples count what.

Everything becomes a counter: a number of events that only rises. A counter is read as
it is. Of a gauge each sample is an event, as of `count_over_time`; of a native
histogram each observation is one, as of `histogram_count`.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping

from gameday.model.slos.slo import (
    COUNTER,
    OBSERVATIONS,
    SAMPLES,
    UP_TO,
    VALUES,
    Bucket,
    Pair,
    Series,
    Term,
)

COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_GAUGES = frozenset((SAMPLES, VALUES, *COMPARED))
_SMALLEST, _LARGEST = -4, 8  # schemas of exponential buckets


def reads_gauge(term: Term) -> bool:
    """Return whether a term counts samples, which no restart of a process resets."""
    return term.reads in _GAUGES


def reads_histogram(term: Term) -> bool:
    """Return whether a term counts the observations of a native histogram."""
    return term.reads in (OBSERVATIONS, UP_TO)


def pairs(term: Term, series: Series, after: float, before: float) -> Iterator[Pair]:
    """Go through (time, events so far) of the samples after a time.

    `before` are the events up to then; only gauges, which are summed up, need them.
    """
    if reads_histogram(term):
        for at, buckets in series.histograms:
            if at > after:
                yield at, observations(buckets, term)
        return
    for at, value in series.samples:
        if at <= after:
            continue
        if term.reads == COUNTER:
            yield at, value
        else:
            before += _of_sample(term, value)
            yield at, before


def _of_sample(term: Term, value: float) -> float:
    if term.reads == VALUES:
        return value
    compared = COMPARED.get(term.reads)
    return 1.0 if compared is None else float(compared(value, term.limit))


def observations(buckets: tuple[Bucket, ...], term: Term) -> float:
    """Return a histogram's observations: all, or those of 0 up to the term's limit.

    Like `histogram_fraction(0, limit, …) * histogram_count(…)`: in the bucket of the
    limit the observations are taken to lie evenly, on the scale of the buckets.
    """
    if term.reads == OBSERVATIONS:
        return sum(bucket.count for bucket in buckets)
    return _below(buckets, term.limit) - _below(buckets, 0.0)


def _below(buckets: tuple[Bucket, ...], limit: float) -> float:
    negative = any(bucket.upper <= 0 and bucket.lower < 0 for bucket in buckets)
    total = 0.0
    for bucket in buckets:
        lower = bucket.lower
        if lower < 0 < bucket.upper and not negative:
            lower = 0.0  # the bucket around zero, where nothing is below zero
        if limit >= bucket.upper:
            total += bucket.count
        elif limit > lower:
            total += bucket.count * _share(lower, bucket.upper, limit)
    return total


def _share(lower: float, upper: float, limit: float) -> float:
    """Return which share of a bucket's width lies below a limit inside of it."""
    if math.isinf(lower):
        return 1.0 if upper <= 0 else 0.0
    if math.isinf(upper):
        return 0.0
    if lower > 0 and _is_exponential(upper / lower):
        return math.log2(limit / lower) / math.log2(upper / lower)
    if upper < 0 and _is_exponential(lower / upper):
        return 1.0 - math.log2(limit / upper) / math.log2(lower / upper)
    return (limit - lower) / (upper - lower)


def _is_exponential(ratio: float) -> bool:
    """Return whether two bounds are those of a bucket of a standard schema."""
    schema = -math.log2(math.log2(ratio))
    near = abs(schema - round(schema)) < 1e-6  # noqa: PLR2004 - rounding
    return near and _SMALLEST <= round(schema) <= _LARGEST
