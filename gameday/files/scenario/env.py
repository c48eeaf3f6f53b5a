"""Environment files, and `${NAME}` in the values of a scenario."""

import re
from collections.abc import Mapping

from gameday.errors import InvalidFile, Problem
from gameday.files.text import nodes, source
from gameday.files.text.nodes import Document, Scalar
from gameday.files.text.suggest import nearest

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_QUOTED_PARTS = 2  # the least length of a quoted text


def read(path: str) -> dict[str, str]:
    """Return the names of a `NAME=value` file; raises InvalidFile.

    Empty lines and `#` lines are passed over; quotes around a value are taken off.
    """
    read = source.read(path)
    problems = [] if read.problem is None else [read.problem]
    names: dict[str, str] = {}
    for number, line in enumerate(read.text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            message = "expected NAME=value, with letters, digits and _ in the name"
            problems.append(Problem(path, number, message, id="env/line"))
        else:
            names[match[1]] = _unquoted(match[2].strip())
    if problems:
        raise InvalidFile(problems)
    return names


def _unquoted(value: str) -> str:
    if len(value) >= _QUOTED_PARTS and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def substituted(document: Document, env: Mapping[str, str]) -> list[Problem]:
    """Put the environment into every value of a document, in place.

    `${NAME:-default}` is the default where the name is not set, or empty, and `$${`
    stands for `${`. Returns a problem for each name that is not set.
    """
    problems: list[Problem] = []
    if document.root is not None:
        change = _Change(document.path, env, problems)
        document.root = nodes.with_texts_changed(document.root, change)
    return problems


class _Change:
    def __init__(
        self, path: str, env: Mapping[str, str], problems: list[Problem]
    ) -> None:
        self.path, self.env, self.problems = path, env, problems

    def __call__(self, scalar: Scalar) -> Scalar:
        if not isinstance(scalar.value, str) or "${" not in scalar.value:
            return scalar
        text = _REFERENCE.sub(
            lambda match: self._value_of(match, scalar.line), scalar.value
        )
        return scalar._replace(value=text, text=text)

    def _report(self, line: int, message: str, code: str) -> None:
        problem = Problem(self.path, line, message, id=f"scenario/{code}")
        self.problems.append(problem)

    def _value_of(self, match: re.Match[str], line: int) -> str:
        if match[1] is None:
            return "${"
        name, defaulted, default = match[1].partition(":-")
        if not _NAME.fullmatch(name) or not match[0].endswith("}"):
            message = (
                f"{match[0]!r} is not a reference; expected ${{NAME}} or "
                "${NAME:-default}, or $${ for the text ${ itself"
            )
            self._report(line, message, "reference")
            return match[0]
        if defaulted and not self.env.get(name):
            return default
        if name not in self.env:
            close = nearest(name, self.env)
            hint = f'; did you mean "{close}"?' if close else ""
            message = (
                f"the environment variable {name} is not set{hint}; "
                "set it, or give it with --env FILE"
            )
            self._report(line, message, "unset-variable")
            return match[0]
        return self.env[name]
