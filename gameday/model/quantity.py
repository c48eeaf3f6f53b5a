"""Durations, shares, rates and instants: text to number and back.

A number in a file always carries its unit; a bare number is an error.
"""

import math
import re
from datetime import UTC, datetime

from gameday.model.quoting import shown

EQUAL = 1e-9  # relative: what differs by less is equal, and equal keeps a promise
LONGEST = 36_525 * 86400.0  # seconds, a century: some calendars end not long after
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"  # no digits of other scripts, which `\d` takes
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ms|s|m|h|d|w))+")
_PART = re.compile(rf"({_NUMBER})(ms|s|m|h|d|w)")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_RATE = re.compile(rf"({_NUMBER})\s*/\s*(s|m|h)")
_BARE = re.compile(r"[0-9.]+")
_BIT_UNITS = {"gbit": 1e9, "mbit": 1e6, "kbit": 1e3, "bit": 1.0}  # as tc has them
_BIT_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(gbit|mbit|kbit|bit)")
SLOWEST, FASTEST = 8e3, 100e9  # bits per second: what tc and a queue can keep


def keeps(value: float, promised: float) -> bool:
    """Whether a value is at most what was promised; exactly equal is."""
    return value <= promised + EQUAL * max(abs(value), abs(promised))


def parse_duration(text: object) -> float:
    """Return the seconds that `500ms`, `30s`, `5m` or `1h30m` stand for.

    Raises ValueError, with what was expected, for anything else.
    """
    if _is_bare(text):
        raise ValueError(
            f"{shown(text)} is a bare number; write it with its unit, such as 30s"
        )
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        raise ValueError(
            f"{shown(text)} is not a duration; write it with its unit, such as 500ms, "
            "30s, 5m or 1h30m"
        )
    seconds = sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text))
    if seconds > LONGEST:
        most = show_duration(LONGEST)
        raise ValueError(f"{shown(text)} is too long; expected at most {most}")
    return seconds


def parse_share(text: object) -> float:
    """Return the ratio (0.34) that `34%` stands for; ValueError otherwise."""
    if _is_bare(text):
        raise ValueError(f"{shown(text)} is a bare number; write a share such as 34%")
    match = _SHARE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{shown(text)} is not a share; write it such as 34%")
    return _finite(float(match[1]) / 100.0, text)


def parse_rate(text: object) -> float:
    """Return the events per second that `50/s` stands for; ValueError otherwise."""
    if _is_bare(text):
        raise ValueError(f"{shown(text)} is a bare number; write a rate such as 50/s")
    match = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{shown(text)} is not a rate; write it such as 50/s")
    return _finite(float(match[1]) / _UNITS[match[2]], text)


def _is_bare(value: object) -> bool:
    """Return whether a number has no unit; NaN and infinity are no numbers here."""
    if isinstance(value, str):
        return _BARE.fullmatch(value.strip()) is not None
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _finite(number: float, text: object) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{shown(text)} is too large")
    return number


def parse_bit_rate(text: object) -> float:
    """Return the bits per second that `10mbit` or `512kbit` stand for."""
    match = _BIT_RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            f"{shown(text)} is no rate in bits per second; write it such as 512kbit or "
            "10mbit"
        )
    rate = float(match[1]) * _BIT_UNITS[match[2]]
    if not SLOWEST <= rate <= FASTEST:
        least, most = show_bit_rate(SLOWEST), show_bit_rate(FASTEST)
        raise ValueError(f"{shown(text)} is out of range; expected {least} to {most}")
    return rate


def show_bit_rate(rate: float) -> str:
    """Return bits per second as a person would say them: `9.53mbit`, `512kbit`."""
    for unit, size in _BIT_UNITS.items():
        if rate >= size:
            return f"{rate / size:.4g}{unit}"
    return "0bit"


def show_duration(seconds: float) -> str:
    """Return the seconds as a person would say them: `12.3s`, `1m30s`, `350ms`."""
    if not math.isfinite(seconds):
        return f"{seconds:g}s"
    if seconds < 0:
        return "-" + show_duration(-seconds)
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def show_share(ratio: float) -> str:
    """Return the ratio as a share: 0.0213 is `2.13%`."""
    return f"{ratio * 100:.3g}%"


LATEST = 1e11  # seconds since the epoch, some 3,000 years: no stamp is later


def show_instant(at: float) -> str:
    """Return seconds since the epoch as RFC 3339 UTC with milliseconds.

    What no calendar has, as an infinite time, is told as it is.
    """
    if not abs(at) < LATEST:
        return f"{at:g} s"
    stamp = datetime.fromtimestamp(round(at, 3), tz=UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> float:
    """Return RFC 3339 (also with nanoseconds) as seconds since the epoch."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text)
    return datetime.fromisoformat(trimmed).timestamp()
