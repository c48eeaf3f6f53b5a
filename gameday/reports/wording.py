"""Values as a person reads them, and text that is safe to hand out.

Everything here comes from outside (labels, annotations, error messages), so every
report passes it through `clean`.
"""

import re
from collections.abc import Mapping
from typing import Any

from gameday.model.quantity import show_instant, show_share
from gameday.model.target import TargetRef
from gameday.model.verdict import Finding, Outcome, Verdict

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"  # stands where no value is
_EPOCH_LIKE = 1e8  # seconds; no duration of a game day is as long as three years

# What XML 1.0 forbids, other control characters, and the marks that turn the
# direction of writing, with which one text can be made to look like another.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u200d\u2010-\u2029\u202f-\u2065\u206a-\ud7ff"
    "\ue000-\ufffd\U00010000-\U0010ffff]"
)
# Neither looks back over what it has seen: a long text takes no longer by the letter.
_USERINFO = re.compile(r"://[^\s/<>]*@")
_ENCODED_USERINFO = re.compile(r"(%3A%2F%2F)[^\s&/<>]{0,999}%40", re.IGNORECASE)

OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "Pass",
    Outcome.FAIL: "Fail",
    Outcome.INCONCLUSIVE: "Inconclusive",
}
WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)
CHECK_WORDS: Mapping[str, str] = {
    "steady_state": "steady state",
    "slo": "SLO",
}


def clean(text: str) -> str:
    """Return the text without credentials in URLs and without control characters."""
    if not text.isprintable():
        text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    if "@" in text:
        text = _USERINFO.sub("://", text)
    return _ENCODED_USERINFO.sub(r"\1", text) if "%40" in text else text


def one_line(text: object, limit: int = 600) -> str:
    """Return clean text on a single line, cut where it is longer than `limit`."""
    joined = " ".join(clean(str(text)).split())
    return joined if len(joined) <= limit else joined[: limit - 1] + "…"


def seconds(value: float | None) -> str:
    """Return a duration with milliseconds: `12.314 s`; a dash where there is none."""
    return NOTHING if value is None else f"{value:.3f} s".replace("-", MINUS)


def short_seconds(value: float) -> str:
    """Return a duration without idle zeros: `45 s`, `2.5 s`."""
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-", MINUS) + " s"


def relative(at: float, zero: float) -> str:
    """Return an instant in seconds from `zero`, with its sign: `+12.314 s`."""
    offset = round(at - zero, 3)
    return f"{MINUS if offset < 0 else '+'}{abs(offset):.3f} s"


def clock_time(at: float) -> str:
    """Return the time of day in UTC with milliseconds: `12:00:10.314`."""
    return show_instant(at)[11:23]


def quantity(value: float | None, unit: str) -> str:
    """Return a measured or promised value with its unit; a dash where none is."""
    if value is None:
        return NOTHING
    if unit == "s":
        return seconds(value)
    if unit == "ratio":
        return show_share(value)
    return f"{value:g} {unit}".rstrip()


def promise(value: float | None, unit: str) -> str:
    """Return a promised limit, without idle zeros."""
    return (
        short_seconds(value)
        if value is not None and unit == "s"
        else (quantity(value, unit))
    )


def plus_minus(finding: Finding) -> str:
    """Return what was measured with its error: `12.314 s ± 0.001 s`."""
    shown = quantity(finding.measured, finding.unit)
    if finding.measured is None or finding.error is None:
        return shown
    return f"{shown} ± {quantity(finding.error, finding.unit)}"


def labels_text(labels: Any, *, name: str = "") -> str:
    """Return labels as Prometheus writes them, without the alert's own name."""
    if not isinstance(labels, Mapping):
        return ""
    pairs = [
        f'{key}="{value}"'
        for key, value in sorted(labels.items(), key=lambda pair: str(pair[0]))
        if not (key == "alertname" and str(value) == name)
    ]
    return "{" + ", ".join(pairs) + "}" if pairs else ""


def question_words(finding: Finding) -> str:
    """Return the question's key as words: `fires within`."""
    return finding.question.replace("_", " ")


def check_words(check: str) -> str:
    """Return the name of a check as words: `steady state`."""
    return CHECK_WORDS.get(check, check.replace("_", " "))


def target_words(target: TargetRef) -> str:
    """Return a target as text; its options apart, so that `clean` sees their URLs."""
    place = f"{target.name}/{target.namespace}" if target.namespace else target.name
    options = ", ".join(f"{key} {value}" for key, value in target.options.items())
    return f"{target.kind}://{place}" + (f" ({options})" if options else "")


def is_instant(key: str, value: object) -> bool:
    """Return whether a number in evidence can only be a time since the epoch."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and _EPOCH_LIKE < value < 1e11  # noqa: PLR2004 - the year 5138
        and not key.endswith(("count", "value", "events", "total", "bytes"))
    )


def outcome_counts(verdict: Verdict) -> list[tuple[Outcome, int]]:
    """Return how many findings have each outcome, the worst first, without zeros."""
    outcomes = [finding.outcome for finding in verdict.findings]
    return [
        (outcome, outcomes.count(outcome))
        for outcome in WORST_FIRST
        if outcome in outcomes
    ]
