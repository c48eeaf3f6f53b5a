"""One tree of exceptions; only the command line turns them into exit codes.

::

    GamedayError
    +-- InvalidFile      a file is wrong; carries every Problem
    +-- UsageError       a command that makes no sense as it was given
    +-- Refused          the plan may not run; nothing was touched
    |   +-- TargetNotFound
    |   +-- CannotFault      this target cannot do this fault
    |   +-- TargetHeld       another run holds the target
    +-- FaultFailed      an injection did not happen (the run goes on, inconclusive)
    +-- UndoFailed       something is still broken; says what a person must do
    +-- ObserverLost     we cannot see; what depends on it is inconclusive
    +-- StoreError       a run's folder or database cannot be read or written
        +-- LacksField       an event of a timeline has not what every run wrote
"""

from collections.abc import Sequence
from dataclasses import dataclass


class GamedayError(Exception):
    """Anything that gameday says to its user instead of a traceback."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file: where, what was expected, what to do.

    `severity`: error; warning (shown, refuses nothing); promise (a promise that
    cannot be kept). `id`: FAMILY/KIND, such as `rules/promql-syntax`; it is in
    `gameday.files.problem_ids`, and its meaning never changes.
    """

    path: str
    line: int | None
    message: str
    severity: str = "error"
    id: str = "file/invalid"
    column: int = 0  # from 1; 0: not known

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        mark = "warning: " if self.severity == "warning" else ""
        return f"{where}: {mark}{self.message}"


class InvalidFile(GamedayError):
    """One or more files are wrong; every problem at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class UsageError(GamedayError):
    """A command that makes no sense as it was given."""


class Refused(GamedayError):
    """The plan may not run; nothing was touched."""


class TargetNotFound(Refused):
    """The target, or the service in it, does not exist or does not answer."""


class CannotFault(Refused):
    """The target cannot do the fault."""


class TargetHeld(Refused):
    """Another run holds the target."""


class FaultFailed(GamedayError):
    """An injection did not happen."""


class UndoFailed(GamedayError):
    """An undo did not succeed: something is still broken."""


class ObserverLost(GamedayError):
    """A system that should tell us something does not answer."""


class StoreError(GamedayError):
    """A run's folder or a database cannot be read or written."""


class LacksField(StoreError, KeyError):
    """An event of a stored timeline has no field that every version wrote."""

    def __str__(self) -> str:
        return str(self.args[0])
