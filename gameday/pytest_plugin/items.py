"""The tests of a scenario: one asks for the run itself, the others for a finding."""

from collections.abc import Sequence
from typing import Any

import pytest

from gameday.app.result import Result
from gameday.checks.question import Question
from gameday.errors import GamedayError
from gameday.model.verdict import Ending, ExitCode, Finding, Outcome
from gameday.pytest_plugin.game_day import Day
from gameday.reports.wording import clean, plus_minus, promise

HARD = (ExitCode.USAGE, ExitCode.GUARDRAIL, ExitCode.BROKEN, ExitCode.INTERRUPTED)


class Broken(Exception):
    """A promise was broken, or the run did not end as it should."""


class Inconclusive(Exception):
    """A question could not be answered."""


# Said in words: where in our code they were raised helps nobody.
WITHOUT_TRACEBACK = (Broken, Inconclusive, GamedayError)


class GameDayItem(pytest.Item):
    """A test about a game day, that is held when the first of them is set up."""

    def __init__(self, *, day: Day, **rest: Any) -> None:
        super().__init__(**rest)
        self.day = day
        self.unanswered = ""  # why a question that the user lets pass has no answer

    def setup(self) -> None:
        """Hold the game day; a question without an answer is an error of its own."""
        result = self.day.result()
        self.user_properties.append(("gameday_report", result.report))
        self.add_report_section("call", "gameday", f"report: {result.report}")
        why = self.inconclusive(result)
        if not why:
            return
        how = self.config.getoption("gameday_inconclusive")
        if how == "error" or not _ended_normally(result):
            raise Inconclusive(why)
        if how == "skip":
            pytest.skip(why)
        if how == "xfail":
            pytest.xfail(why)
        self.unanswered = why

    def inconclusive(self, result: Result) -> str:
        """Return why there is no answer; empty where there is one."""
        raise NotImplementedError

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Return what went wrong as a person reads it, without a traceback."""
        if isinstance(excinfo.value, WITHOUT_TRACEBACK):
            return clean(str(excinfo.value))
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return where the test is, for pytest's own lines."""
        return self.path, None, self.name


class RunItem(GameDayItem):
    """The run itself: how it ended, and what was answered without being listed."""

    def __init__(self, *, questions: Sequence[Question], **rest: Any) -> None:
        super().__init__(name="run", **rest)
        self._listed = {_key(question) for question in questions}

    def inconclusive(self, result: Result) -> str:
        """Return why the run says nothing; what is broken comes first."""
        others = self._unlisted_findings(result)
        if result.code in HARD or any(
            finding.outcome is Outcome.FAIL for finding in others
        ):
            return ""
        if result.verdict.ending is not Ending.FINISHED:
            return f"{result.verdict.ending}: {result.verdict.because}"
        unsure = [
            finding for finding in others if finding.outcome is Outcome.INCONCLUSIVE
        ]
        return "\n".join(_finding_text(finding) for finding in unsure)

    def runtest(self) -> None:
        """Fail where the run did, beyond the questions that are tests themselves."""
        result = self.day.result()
        why = [f"still broken: {fault}" for fault in result.verdict.broken]
        if result.code in HARD:
            ending, because = result.verdict.ending, result.verdict.because
            why.append(f"{ending} (exit code {int(result.code)}): {because}")
        why += [
            _finding_text(finding)
            for finding in self._unlisted_findings(result)
            if finding.outcome is Outcome.FAIL
        ]
        if why:
            raise Broken("\n".join(why))

    def _unlisted_findings(self, result: Result) -> list[Finding]:
        return [
            finding for finding in result.findings if _key(finding) not in self._listed
        ]


class QuestionItem(GameDayItem):
    """One question of the scenario, and its answer."""

    def __init__(self, *, question: Question, **rest: Any) -> None:
        step = f"{question.step}/" if question.step else ""
        super().__init__(name=f"{step}{question.question}[{question.subject}]", **rest)
        self._key = _key(question)

    def inconclusive(self, result: Result) -> str:
        """Return why nobody can tell; empty where the promise was kept or broken."""
        finding = self._finding(result)
        if finding is None and not _ended_normally(result):
            ending, because = result.verdict.ending, result.verdict.because
            return f"it has no answer; {ending}: {because}"
        if finding is None:
            pytest.skip("not asked in this run: nothing in it is concerned")
        self._note(finding)
        return finding.because if finding.outcome is Outcome.INCONCLUSIVE else ""

    def runtest(self) -> None:
        """Fail where the promise was broken."""
        finding = self._finding(self.day.result())
        if finding is not None and finding.outcome is Outcome.FAIL:
            raise Broken(_finding_text(finding))

    def _finding(self, result: Result) -> Finding | None:
        """Return its answer; None: it was not asked, or never came to it."""
        mine = (finding for finding in result.findings if _key(finding) == self._key)
        return next(mine, None)

    def _note(self, finding: Finding) -> None:
        """Keep the finding's values as properties, where there are any."""
        for name in (
            *("step", "question", "subject", "outcome"),
            *("promised", "measured", "error", "unit"),
        ):
            value = getattr(finding, name)
            if value not in (None, ""):
                self.user_properties.append((name, str(value)))


class RegressionItem(GameDayItem):
    """Whether the run is worse than those before; what is broken fails elsewhere."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(name="regressions", **rest)

    def inconclusive(self, result: Result) -> str:
        """Return what nobody can tell, unless something is known to be worse."""
        worse, unsure = self._compared(result)
        return "" if worse else "\n".join(unsure)

    def runtest(self) -> None:
        """Fail where a measure is worse."""
        worse, _ = self._compared(self.day.result())
        if worse:
            raise Broken("\n".join(worse))

    def _compared(self, result: Result) -> tuple[list[str], list[str]]:
        from gameday.app.evidence.compare import CompareRequest, compare_judged
        from gameday.regressions.compared import Status

        wish = CompareRequest(file=self.config.getoption("gameday_baseline"))
        comparison = compare_judged([(result.plan, result.verdict)], wish)

        def lines_of(*statuses: Status) -> list[str]:
            return [
                f"{measure.key.question} {measure.key.subject}: {measure.status}: "
                f"{measure.because}"
                for measure in comparison
                if measure.status in statuses
            ]

        return lines_of(Status.WORSE), lines_of(Status.TOO_FEW, Status.NO_BASELINE)


def _key(asked: Question | Finding) -> tuple[str, str, str]:
    return asked.step, asked.question, asked.subject


def _finding_text(finding: Finding) -> str:
    lines = [f"{finding.question} {finding.subject}: {finding.because}"]
    if finding.promised is not None:
        lines.append(f"promised: {promise(finding.promised, finding.unit)}")
        lines.append(f"measured: {plus_minus(finding)}")
    return "\n".join(lines)


def _ended_normally(result: Result) -> bool:
    """Return whether what is not known may be let pass: the run came to its end."""
    return result.code not in HARD and result.verdict.ending is Ending.FINISHED
