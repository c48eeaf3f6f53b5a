"""`gameday baseline` and `gameday compare`: runs found, files read, git asked."""

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import field
from pathlib import Path

from gameday.app.judge_run import JudgedRun, find_all, judge_stored
from gameday.errors import UsageError
from gameday.files import git
from gameday.frozen import frozen
from gameday.model.plan import Plan
from gameday.model.promise import SECONDS
from gameday.model.quantity import parse_duration, parse_share
from gameday.model.scenario import PROMISES
from gameday.model.verdict import Ending, ExitCode, Outcome, Verdict
from gameday.regressions import baseline
from gameday.regressions.baseline import NotABaseline, parse
from gameday.regressions.compare import compare
from gameday.regressions.compared import Compared, CompareRules, Status, Threshold
from gameday.regressions.measure import MEASURED, Measure, family_of, observed
from gameday.store.folder import write_file

FILE = "gameday-baseline.json"
_DEFAULTS = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


@frozen
class CompareRequest:
    """What runs are compared with, and what counts as a regression.

    `ref`: the file as it is in that commit. `runs`: stored runs in its place.
    """

    file: str = FILE
    ref: str = ""
    runs: tuple[str, ...] = ()
    testbed: str = ""
    rules: CompareRules = field(default_factory=CompareRules)


@frozen
class Comparison:
    """Every measure of some runs, against what was measured before.

    `nowhere`: that there is no baseline at all, and what to do. `left_out`: runs that
    were to stand for one, and cannot.
    """

    compared: tuple[Compared, ...]
    nowhere: str = ""
    left_out: tuple[str, ...] = ()


def compare_runs(names: Sequence[str], wish: CompareRequest) -> Comparison:
    """Return every measure of the runs, against the baseline."""
    stored = [judge_stored(record) for record in find_all(names)]
    before = _before(wish)
    runs = [(run.plan, run.verdict) for run in stored]
    return Comparison(
        compared=tuple(_compared(runs, before.measures, wish)),
        nowhere="" if before.measures else _nowhere(wish),
        left_out=before.left_out,
    )


def compare_judged(
    runs: Sequence[tuple[Plan, Verdict]], wish: CompareRequest
) -> list[Compared]:
    """Return every measure of runs that are judged already."""
    return _compared(runs, _before(wish).measures, wish)


def _compared(
    runs: Sequence[tuple[Plan, Verdict]],
    before: Sequence[Measure],
    wish: CompareRequest,
) -> list[Compared]:
    each_once = {verdict.run: (plan, verdict) for plan, verdict in runs}.values()
    seen = [observed(plan, verdict, wish.testbed) for plan, verdict in each_once]
    families = {family_of(plan, verdict, wish.testbed) for plan, verdict in each_once}
    return compare(before, seen, wish.rules, families)


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
    for run in _in_order(stored):
        known = baseline.added(known, observed(run.plan, run.verdict, testbed))
    if not known:
        raise UsageError("no question of these runs is a measured one; nothing to keep")
    return write_file(file, baseline.render(known)), len(known)


def parse_thresholds(text: str) -> dict[str, Threshold]:
    """Return the thresholds of `fires_within:20%,pages_within:5s`, by question."""
    thresholds: dict[str, Threshold] = {}
    for part in text.split(",") if text else ():
        question, _, value = (word.strip() for word in part.partition(":"))
        _refuse_unmeasured(question)
        if question in thresholds:
            raise UsageError(f"{text!r} names {question} twice; give it one threshold")
        thresholds[question] = _threshold(question, part.strip(), value)
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


def _threshold(question: str, part: str, value: str) -> Threshold:
    in_seconds = PROMISES[question].unit == SECONDS
    try:
        if value.endswith("%"):
            return Threshold(share=parse_share(value))
        if in_seconds:
            return Threshold(absolute=parse_duration(value))
    except ValueError:
        pass
    expected = f"{question}:20%" + (f" or {question}:5s" if in_seconds else "")
    raise UsageError(
        f"{part!r} is no threshold; expected a share of what was measured before"
        f"{', or a time' if in_seconds else ''}, such as {expected}"
    )


@frozen(kw_only=False)
class _Before:
    """A baseline; `left_out`: runs that cannot be one, and why."""

    measures: Sequence[Measure]
    left_out: tuple[str, ...] = ()


def _before(wish: CompareRequest) -> _Before:
    if wish.runs:
        return _of_runs(wish)
    if not wish.ref:
        return _Before(_read(wish.file) if Path(wish.file).exists() else [])
    text = _shown_by_git(wish.file, wish.ref)
    where = f"{wish.ref}:{wish.file}"
    return _Before([] if text is None else _parsed(text, where))


def _of_runs(wish: CompareRequest) -> _Before:
    stored = [judge_stored(record) for record in find_all(wish.runs)]
    known: list[Measure] = []
    for run in _in_order([run for run in stored if _passed(run)]):
        known = baseline.added(known, observed(run.plan, run.verdict, wish.testbed))
    left_out = tuple(_not_passed(run) for run in stored if not _passed(run))
    return _Before(known, left_out)


def _not_passed(run: JudgedRun) -> str:
    verdict = run.verdict
    return (
        f"run {verdict.run} did not pass ({verdict.outcome}, {verdict.ending}); "
        "only passing runs make a baseline"
    )


def _passed(run: JudgedRun) -> bool:
    verdict = run.verdict
    return verdict.outcome is Outcome.PASS and verdict.ending is Ending.FINISHED


def _in_order(stored: Sequence[JudgedRun]) -> list[JudgedRun]:
    """Return runs in the order in which they were held: the newest decides."""
    return sorted(stored, key=lambda run: run.verdict.started)


def _nowhere(wish: CompareRequest) -> str:
    """Return that there is no baseline at all, and what to do."""
    if wish.runs:
        return (
            f"--baseline-run {', '.join(wish.runs)}: no run of these passed and "
            "measured anything; only passing runs are a baseline"
        )
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
        return parse(text)
    except NotABaseline as error:
        line = f":{error.line}" if error.line else ""
        raise UsageError(f"{where}{line}: {error}") from None


def _shown_by_git(file: str, ref: str) -> str | None:
    """Return the file as a commit has it; None where that commit has none."""
    path = Path(file).absolute()
    folder = next(above for above in path.parents if above.is_dir())
    inside = path.relative_to(folder).as_posix()
    if ref.startswith("-") or not _git(folder, "rev-parse", "--verify", f"{ref}^0"):
        raise UsageError(
            f"--baseline-ref {ref!r}: there is no such commit in the repository of "
            f"{folder}; fetch it (on GitHub: fetch-depth: 0)"
        )
    if not _git(folder, "ls-tree", "--name-only", ref, "--", f"./{inside}"):
        return None
    return _git(folder, "show", f"{ref}:./{inside}")


def _git(folder: Path, *arguments: str) -> str:
    """Return what git says; empty where it refuses, or there is none."""
    try:
        done = git.ask(str(folder), arguments)
    except git.NoGitError:
        return ""
    return os.fsdecode(done.stdout) if done.returncode == 0 else ""


def _refuse_failed(stored: JudgedRun) -> None:
    if not _passed(stored):
        raise UsageError(_not_passed(stored))


def _refuse_elsewhere(stored: JudgedRun) -> None:
    why = _why_elsewhere(stored)
    if why:
        raise UsageError(
            f"run {stored.verdict.run} is not known to be of the default branch: {why};"
            " with --accept this change makes the baseline: commit both together"
        )


def _why_elsewhere(stored: JudgedRun) -> str:
    """Return why a run is not known to be of the default branch; empty: it is."""
    commit = stored.verdict.provenance.get("git", "")
    if not commit:
        return "nobody knows of which commit it is"
    path = Path(stored.plan.scenario.path).absolute()
    folder = path.parent if path.parent.is_dir() else Path.cwd()
    branch = next((name for name in _DEFAULTS if _git(folder, "rev-parse", name)), "")
    if not branch:
        return "no default branch is known here"
    if _git(folder, "merge-base", commit, branch).strip() != commit:
        return f"commit {commit[:12]} is not on {branch}"
    if _edited(stored, path, commit):
        return f"{path.name} was not as commit {commit[:12]} has it"
    return ""


def _edited(stored: JudgedRun, path: Path, commit: str) -> bool:
    """Return whether the scenario was held with changes that were not committed."""
    held = stored.verdict.provenance.get("scenario", "")
    if not held or not path.parent.is_dir():
        return False
    kept = _git(path.parent, "show", f"{commit}:./{path.name}")
    digest = hashlib.sha256(kept.encode("utf-8", "surrogateescape")).hexdigest()
    return bool(kept) and held != f"sha256:{digest}"
