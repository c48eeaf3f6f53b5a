"""`verdict.json`: the verdict as JSON, and back.

The same verdict gives the same bytes. `because` and `broken` of the whole run are
there only where they say something.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from gameday.model.quantity import parse_instant, show_instant
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports.wording import clean

_PROVENANCE = ("gameday", "git", "rules", "routes")  # first, in this order


def render(verdict: Verdict) -> str:
    """Return the text of `verdict.json`, with a newline at its end."""
    document: dict[str, Any] = {
        "run": verdict.run,
        "scenario": verdict.scenario,
        "started": show_instant(verdict.started),
        "ended": show_instant(verdict.ended),
        "ending": verdict.ending.value,
        "outcome": verdict.outcome.value,
        **({"because": verdict.because} if verdict.because else {}),
        **({"broken": verdict.broken} if verdict.broken else {}),
        "provenance": _provenance(verdict.provenance),
        "findings": [finding(reached) for reached in verdict.findings],
    }
    return json.dumps(_as_json_data(document), indent=2, ensure_ascii=False) + "\n"


def parse(text: str) -> Verdict:
    """Return the verdict that `render` wrote; its outcome is computed anew.

    Raises ValueError, KeyError or TypeError where the text is not a verdict.
    """
    document = json.loads(text)
    return Verdict(
        run=document["run"],
        scenario=document["scenario"],
        started=parse_instant(document["started"]),
        ended=parse_instant(document["ended"]),
        ending=Ending(document["ending"]),
        because=document.get("because", ""),
        broken=tuple(document.get("broken", ())),
        provenance=document.get("provenance", {}),
        findings=tuple(_parse_finding(finding) for finding in document["findings"]),
    )


def finding(judged: Finding) -> dict[str, Any]:
    """Return a finding as `verdict.json` has it."""
    return {
        "step": judged.step,
        "check": judged.check,
        "subject": judged.subject,
        "question": judged.question,
        "outcome": judged.outcome.value,
        "measured": judged.measured,
        "error": judged.error,
        "promised": judged.promised,
        "unit": judged.unit,
        "because": judged.because,
        "evidence": _sorted(judged.evidence),
    }


def _parse_finding(entry: Mapping[str, Any]) -> Finding:
    rest = {key: value for key, value in entry.items() if key != "outcome"}
    return Finding(outcome=Outcome(entry["outcome"]), **rest)


def _provenance(given: Mapping[str, str]) -> dict[str, str]:
    known = [key for key in _PROVENANCE if key in given]
    return {key: given[key] for key in [*known, *sorted(set(given) - set(known))]}


def _sorted(value: Any) -> Any:
    """Order the keys of evidence: labels come in any order out of a stored run."""
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: str(pair[0]))
        return {key: _sorted(inner) for key, inner in pairs}
    if isinstance(value, list | tuple):
        return [_sorted(inner) for inner in value]
    return value


def _as_json_data(value: Any) -> Any:
    """Reduce to what JSON has; numbers that it has not become text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _as_json_data(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json_data(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((_as_json_data(inner) for inner in value), key=str)
    return clean(str(value))
