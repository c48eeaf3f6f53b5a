"""Durations as Prometheus and Alertmanager write them: `1h30m`, `90s`, `0`."""

import re

_DURATION = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?",
    re.ASCII,
)
LONGEST = 2**63 / 1e9  # seconds: as many nanoseconds as Go holds
_SECONDS = (31536000.0, 604800.0, 86400.0, 3600.0, 60.0, 1.0, 0.001)


def parse_prometheus_duration(text: str) -> float:
    """Return seconds; ValueError with what was expected otherwise."""
    match = _DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration; expected one such as 30s or 5m")
    parts = zip(match.groups(), _SECONDS, strict=True)
    seconds = sum(float(count) * unit for count, unit in parts if count)
    if seconds > LONGEST:
        raise ValueError(f"{text!r} is out of range; expected 292 years at most")
    return seconds
