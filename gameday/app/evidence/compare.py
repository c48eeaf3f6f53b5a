"""`gameday baseline` and `gameday compare`: runs found, files read, git asked."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gameday.app.judge_run import JudgedRun, find_all, judge_stored
from gameday.errors import UsageError
from gameday.files import git
from gameday.model.plan import Plan
from gameday.model.quantity import parse_duration, parse_share
from gameday.model.verdict import Ending, ExitCode, Outcome, Verdict
from gameday.regressions import baseline
from gameday.regressions.compare import (
    Compared,
    CompareRules,
    Status,
    Threshold,
    compare,
)
from gameday.regressions.measure import MEASURED, Measure, observed
from gameday.store.folder import write_file

FILE = "gameday-baseline.json"
_DEFAULTS = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """What runs are compared with, and what counts as a regression.

    `ref`: the file as it is in that commit. `runs`: stored runs in its place.
    """

    file: str = FILE
    ref: str = ""
    runs: tuple[str, ...] = ()
    testbed: str = ""
    rules: CompareRules = field(default_factory=CompareRules)


def compare_runs(names: Sequence[str], wish: CompareRequest) -> list[Compared]:
    """Return every measure of the runs, against the baseline."""
    stored = [judge_stored(record) for record in find_all(names)]
    return compare_judged([(run.plan, run.verdict) for run in stored], wish)


def compare_judged(
    runs: Sequence[tuple[Plan, Verdict]], wish: CompareRequest
) -> list[Compared]:
    """Return every measure of runs that are judged already."""
    seen = [observed(plan, verdict, wish.testbed) for plan, verdict in runs]
    return compare(_before(wish), seen, wish.rules)


def code_of(compared: Sequence[Compared], forgiven: Collection[Status]) -> ExitCode:
    """Return the exit code; `forgiven`: of no-baseline and too-few, what may pass."""
    statuses = {measure.status for measure in compared} - set(forgiven)
    if statuses & {Status.BROKEN, Status.WORSE}:
        return ExitCode.FAIL
    if statuses & {Status.NO_BASELINE, Status.TOO_FEW} or not compared:
        return ExitCode.INCONCLUSIVE
    return ExitCode.PASS


def set_baseline(
    names: Sequence[str], file: str, testbed: str, *, accept: bool
) -> tuple[str, int]:
    """Add runs to the baseline; return its path and the number of its measures.

    UsageError where a run did not pass, or was of a change that is not on the default
    branch; `accept`: of such a change as well.
    """
    stored = [judge_stored(record) for record in find_all(names)]
    for run in stored:
        _refuse_failed(run)
        if not accept:
            _refuse_elsewhere(run)
    known = _read(file) if Path(file).exists() else []
    for run in stored:
        known = baseline.added(known, observed(run.plan, run.verdict, testbed))
    if not known:
        raise UsageError("no question of these runs is a measured one; nothing to keep")
    return write_file(file, baseline.render(known)), len(known)


def parse_thresholds(text: str) -> dict[str, Threshold]:
    """Return the thresholds of `fires_within:20%,pages_within:5s`, by question."""
    thresholds = {}
    for part in filter(None, text.split(",")):
        question, _, value = part.strip().partition(":")
        _refuse_unmeasured(question)
        thresholds[question] = _threshold(part, value)
    return thresholds


def _refuse_unmeasured(question: str) -> None:
    if question not in MEASURED:
        raise UsageError(
            f"{question!r} is no measured question; known are {', '.join(MEASURED)}"
        )


def ignored(questions: Sequence[str]) -> tuple[str, ...]:
    """Return questions that are not compared; UsageError where one is unknown."""
    for question in questions:
        _refuse_unmeasured(question)
    return tuple(questions)


def _threshold(part: str, value: str) -> Threshold:
    try:
        if value.endswith("%"):
            return Threshold(share=parse_share(value))
        return Threshold(absolute=parse_duration(value))
    except ValueError:
        raise UsageError(
            f"{part!r} is no threshold; expected QUESTION:SHARE or QUESTION:TIME, such "
            "as fires_within:20% or pages_within:5s"
        ) from None


def _before(wish: CompareRequest) -> list[Measure]:
    if wish.runs:
        known: list[Measure] = []
        for record in find_all(wish.runs):
            stored = judge_stored(record)
            if stored.verdict.outcome is Outcome.PASS:
                run = observed(stored.plan, stored.verdict, wish.testbed)
                known = baseline.added(known, run)
        return known
    if wish.ref:
        return _parsed(_shown_by_git(wish.file, wish.ref), f"{wish.ref}:{wish.file}")
    return _read(wish.file) if Path(wish.file).exists() else []


def nowhere(wish: CompareRequest) -> str:
    """Return that there is no baseline at all, and what to do; empty: there is one."""
    if wish.runs or _before(wish):
        return ""
    where = f"{wish.ref}:{wish.file}" if wish.ref else wish.file
    return (
        f"{where}: there is no baseline yet; `gameday baseline set RUN` writes one "
        "from a run that passed"
    )


def _read(file: str) -> list[Measure]:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None
    return _parsed(text, file)


def _parsed(text: str, where: str) -> list[Measure]:
    try:
        return baseline.parse(text) if text else []
    except baseline.NotABaseline as error:
        raise UsageError(f"{where}: {error}") from None


def _shown_by_git(file: str, ref: str) -> str:
    """Return the file as a commit has it; empty where that commit has none."""
    folder = str(Path(file).absolute().parent)
    if ref.startswith("-") or not _git(folder, "rev-parse", "--verify", f"{ref}^0"):
        raise UsageError(
            f"--baseline-ref {ref!r}: there is no such commit here; fetch it "
            "(on GitHub: fetch-depth: 0)"
        )
    return _git(folder, "show", f"{ref}:./{Path(file).name}")


def _git(folder: str, *arguments: str) -> str:
    """Return what git says; empty where it refuses, or there is none."""
    try:
        done = git.ask(folder, arguments)
    except git.NoGitError:
        return ""
    return os.fsdecode(done.stdout) if done.returncode == 0 else ""


def _refuse_failed(stored: JudgedRun) -> None:
    verdict = stored.verdict
    passed = verdict.outcome is Outcome.PASS and verdict.ending is Ending.FINISHED
    if not passed:
        raise UsageError(
            f"run {verdict.run} did not pass ({verdict.outcome}, {verdict.ending}); "
            "only passing runs make a baseline"
        )


def _refuse_elsewhere(stored: JudgedRun) -> None:
    verdict = stored.verdict
    commit = verdict.provenance.get("git", "")
    here = Path(stored.plan.scenario.path).absolute().parent
    folder = str(here) if here.is_dir() else "."
    branch = next((name for name in _DEFAULTS if _git(folder, "rev-parse", name)), "")
    if commit and branch:
        start = _git(folder, "merge-base", commit, branch).strip()
        if start == commit:
            return
    why = f"commit {commit[:12]} is not on {branch}"
    if not branch:
        why = "no default branch is known here"
    if not commit:
        why = "nobody knows of which commit it is"
    raise UsageError(
        f"run {verdict.run} is not known to be of the default branch: {why}; with "
        "--accept this change makes the baseline: commit both together"
    )
