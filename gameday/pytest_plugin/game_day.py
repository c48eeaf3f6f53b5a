"""A scenario's game day within a pytest run: held once, whoever asks first."""

import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from gameday.app.result import Result
from gameday.errors import GamedayError
from gameday.model.verdict import ExitCode

# After these the whole pytest run ends: nothing may be broken on top of it.
LAST = {
    ExitCode.BROKEN: "something is still broken",
    ExitCode.INTERRUPTED: "the game day was stopped",
}


class Day:
    """One scenario's run, and its result or why there is none."""

    def __init__(
        self,
        config: pytest.Config,
        path: str,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        self._config, self._path, self._changes = config, path, changes or {}
        self._result: Result | GamedayError | None = None

    @property
    def held(self) -> Result | None:
        """The result; None until the game day was held."""
        return self._result if isinstance(self._result, Result) else None

    def result(self) -> Result:
        """Return what came of it, after holding it where nobody has yet."""
        if self._result is None:
            self._result = self._hold()
        if isinstance(self._result, GamedayError):
            raise self._result
        return self._result

    def _hold(self) -> Result | GamedayError:
        hook = self._config.hook.pytest_gameday_run
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # a test's strictness may end no run
            try:
                result: Result = hook(
                    config=self._config, scenario=self._path, changes=self._changes
                )
            except GamedayError as error:
                return error
        return result

    @property
    def end(self) -> str:
        """Why the pytest run has to end after it; empty where it may go on."""
        held = self.held
        if held is None or held.code not in LAST:
            return ""
        more = held.verdict.broken or (held.verdict.because,)
        why = "; ".join(reason for reason in more if reason)
        return (
            f"gameday: {held.verdict.scenario}: {LAST[held.code]} "
            f"(exit code {int(held.code)}): {why} (report: {held.report})"
        )
