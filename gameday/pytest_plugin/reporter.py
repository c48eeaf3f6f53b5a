"""What pytest says of game days: their own category, and where the reports are."""

from collections.abc import Generator
from typing import Any

import pytest

from gameday.pytest_plugin.items import (
    WITHOUT_TRACEBACK,
    GameDayItem,
    Inconclusive,
)
from gameday.reports.headline import verdict_line
from gameday.reports.wording import clean, one_line

CATEGORY = ("inconclusive", "I", ("INCONCLUSIVE", {"yellow": True}))


class GameDayReporter:
    """Marks the reports of our tests, and sums the game days up."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._runs: dict[str, str] = {}
        self._unsure: list[tuple[str, str]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Note on a report what only its test knows; workers hand it on."""
        report = yield
        if not isinstance(item, GameDayItem):
            return report
        held = item.day.held
        if held is not None:
            report.gameday_run = (verdict_line(held.verdict), held.report)
        error = call.excinfo.value if call.excinfo else None
        if call.excinfo is not None and isinstance(error, WITHOUT_TRACEBACK):
            report.longrepr = item.repr_failure(call.excinfo)  # also of a set-up
        if report.skipped and isinstance(report.longrepr, tuple):
            # Where the scenario is, not the line of ours that skips.
            report.longrepr = (str(item.path), 1, report.longrepr[2])
        if isinstance(error, Inconclusive):
            report.gameday_unsure = str(error)
        elif item.unanswered and call.when == "call" and report.passed:
            report.gameday_unsure = item.unanswered
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> Any:
        """Show a question without an answer as I."""
        return CATEGORY if getattr(report, "gameday_unsure", "") else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what the summary will say."""
        line, path = getattr(report, "gameday_run", None) or ("", "")
        if path:
            self._runs[path] = line
        why = getattr(report, "gameday_unsure", "")
        if why:
            self._unsure.append((report.nodeid, why))

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Say what could not be answered and why, and where each report is."""
        if not self._runs:
            return
        terminalreporter.section("game days")
        for nodeid, why in self._unsure:
            said = one_line("; ".join(why.splitlines()))
            terminalreporter.line(f"INCONCLUSIVE {nodeid} - {said}")
        for path, line in self._runs.items():
            terminalreporter.line(clean(line))
            terminalreporter.line(f"report: {clean(path)}")
