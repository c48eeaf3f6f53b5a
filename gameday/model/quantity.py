"""Durations, shares, rates and instants: text to number and back.

A number in a file always carries its unit; a bare number is an error.
"""

import re
from datetime import UTC, datetime

EQUAL = 1e-9  # relative: what differs by less is equal, and equal keeps a promise
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)")


def keeps(value: float, promised: float) -> bool:
    """Whether a value is at most what was promised; exactly equal is."""
    return value <= promised + EQUAL * max(abs(value), abs(promised))


def parse_duration(text: object) -> float:
    """Return the seconds that `500ms`, `30s`, `5m` or `1h30m` stand for.

    Raises ValueError, with what was expected, for anything else.
    """
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        raise ValueError(
            f"{text!r} is not a duration; write it with its unit, such as 500ms, 30s, "
            "5m or 1h30m"
        )
    return sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text))


def parse_share(text: object) -> float:
    """Return the ratio (0.34) that `34%` stands for; ValueError otherwise."""
    match = _SHARE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a share; write it such as 34%")
    return float(match[1]) / 100.0


def parse_rate(text: object) -> float:
    """Return the events per second that `50/s` stands for; ValueError otherwise."""
    match = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a rate; write it such as 50/s")
    return float(match[1]) / _UNITS[match[2]]


def show_duration(seconds: float) -> str:
    """Return the seconds as a person would say them: `12.3s`, `1m30s`, `350ms`."""
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


def show_instant(at: float) -> str:
    """Return seconds since the epoch as RFC 3339 UTC with milliseconds."""
    stamp = datetime.fromtimestamp(round(at, 3), tz=UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> float:
    """Return RFC 3339 (also with nanoseconds) as seconds since the epoch."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text)
    return datetime.fromisoformat(trimmed).timestamp()
