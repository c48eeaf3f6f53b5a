"""The shop's pipeline: `.venv/bin/python demo/pipeline.py [CHECKOUT]`.

Two stages need no shop: `gameday check` reads the files, `gameday replay` holds the
recorded game days again under the rules and routes of the checkout. Game days on the
shop come after them (`bench/ci.py`). The first stage that is not passed ends the
pipeline, with one cause: what merely follows from it is not listed.
"""

import sys
from collections.abc import Iterable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import check, replay

RULES, ROUTES = "demo/rules.yaml", "demo/alertmanager.yaml"
CHECKED = ("scenarios", "experiments", "slos", RULES, ROUTES)
RECORDED = "demo/recorded"
CODES = {"fail": 1, "inconclusive": 3}


@dataclass(frozen=True)
class Ended:
    """How a pipeline ended: exit code, the stage that ended it, and its causes."""

    code: int
    stage: str = ""
    causes: tuple[str, ...] = ()


def run(checkout: Path, prometheus: str = "") -> Ended:
    """Return how the stages that need no shop end; `prometheus`: a program."""
    with chdir(checkout):
        return _checked() or _replayed(prometheus) or Ended(0)


def causes(findings: Iterable[Any]) -> tuple[str, ...]:
    """Return what went wrong, once for each alert: what follows from it is no cause."""
    found: dict[str, str] = {}
    for finding in findings:
        if finding.outcome != "pass":
            found.setdefault(_about(finding), finding.because)
    return tuple(found.values())


def _about(finding: Any) -> str:
    """Return the alert that a finding is about; of `no_other_alerts`, who rang."""
    if finding.question != "no_other_alerts":
        return str(finding.subject)
    return str(finding.because).partition(" promised ")[2].partition(",")[0]


def _checked() -> Ended | None:
    problems = [one for one in check(*CHECKED).problems if one.severity != "warning"]
    if not problems:
        return None
    code = 2 if any(one.severity == "error" for one in problems) else 1
    return Ended(code, "check", tuple(map(str, problems)))


def _replayed(prometheus: str) -> Ended | None:
    runs = (str(path) for path in sorted(Path(RECORDED).iterdir()))
    for run_ in replay(
        *runs, rules=(RULES,), alertmanager=ROUTES, prometheus=prometheus
    ):
        if run_.outcome in CODES:
            return Ended(CODES[run_.outcome], "replay", causes(run_.findings))
    return None


def main(words: list[str]) -> int:
    """Run the pipeline on a checkout and say how it ended; return the exit code."""
    ended = run(Path(words[0] if words else "."))
    print(f"{ended.stage or 'all stages'}: {ended.code}")
    for cause in ended.causes:
        print(f"  {cause}")
    return ended.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
