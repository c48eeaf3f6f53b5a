"""Several runs of one scenario: how far apart they are, and at which phases."""

from collections.abc import Iterator, Sequence

from gameday.model.quantity import show_duration
from gameday.model.verdict import Finding, Verdict

_ASKED = ("fires_within", "resets_within")  # what has a phase


def lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a line for each measured question that has a phase, of each scenario."""
    by_question: dict[tuple[str, str, str, str], list[Finding]] = {}
    for verdict in verdicts:
        for finding in verdict.findings:
            if finding.question in _ASKED and finding.measured is not None:
                about = (finding.step, finding.question, finding.subject)
                by_question.setdefault((verdict.scenario, *about), []).append(finding)
    for (scenario, step, question, subject), several in by_question.items():
        if len(several) > 1:
            what = f"{scenario} {step} {question} {subject}"
            yield f"  {what}: {_spread(several)}; {_phases(several)}"


def _spread(findings: Sequence[Finding]) -> str:
    times = [finding.measured or 0.0 for finding in findings]
    least, most = _show(min(times)), _show(max(times))
    return f"{least} to {most} in {len(findings)} runs"


def _phases(findings: Sequence[Finding]) -> str:
    told = [finding.evidence.get("phase") or {} for finding in findings]
    why = next((phase["unknown"] for phase in told if phase.get("unknown")), "")
    if why or not all("at" in phase for phase in told):
        return f"its phase is unknown: {why or 'it was not recorded'}"
    places = ", ".join(_show(float(phase["at"])) for phase in told)
    waits = [float(phase["waited"]) for phase in told]
    return (
        f"at phases {places} of {_show(float(told[0]['period']))}, which account for "
        f"{_show(min(waits))} to {_show(max(waits))} of it"
    )


def _show(seconds: float) -> str:
    return show_duration(round(seconds, 3)) if seconds else "0s"
