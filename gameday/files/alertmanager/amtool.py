"""A second opinion by Alertmanager's `amtool`, where it is installed.

What gameday accepts and an amtool refuses that is older than the Alertmanager that
gameday judges by, is a warning: it may not know the file's fields and matchers yet.
"""

import re
import shutil
import subprocess
from dataclasses import replace

from gameday.errors import Problem
from gameday.files.text import source

_TIMEOUT = 20.0  # seconds
_JUDGED_BY = (0, 34)  # the Alertmanager that gameday judges by itself
_VERSION = re.compile(r"version (\d+)\.(\d+)\.(\d+)")
_LINE = re.compile(r"line (\d+): (.*)")
_RECEIVERS = re.compile(r"[\s-]*(\w+?)_configs:")
_TOO_OLD = re.compile(r"field \S+ not found in type|unknown receiver type")


def judge(path: str) -> list[Problem]:
    """Return what `amtool check-config` says against a file; empty without amtool."""
    program = shutil.which("amtool")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "check-config", path],
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [_warning(path, "amtool does not answer; receivers are not checked")]
    if done.returncode == 0:
        return []
    problems = _output_problems(
        path, (done.stdout + done.stderr).decode("utf-8", "replace")
    )
    text = source.read(path).text
    version = _version(program)
    if version and version < _JUDGED_BY:
        problems = [_older(problem, version) for problem in problems]
    return [
        problem
        if problem.line
        else replace(problem, line=_place(text, problem.message))
        for problem in problems
    ]


def _version(program: str) -> tuple[int, ...]:
    """Return amtool's version; empty where it does not say."""
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = _VERSION.search((done.stdout + done.stderr).decode("utf-8", "replace"))
    return tuple(int(part) for part in match.groups()) if match else ()


def _older(problem: Problem, version: tuple[int, ...]) -> Problem:
    if problem.severity != "error":
        return problem
    name = ".".join(map(str, version))
    said = problem.message.removeprefix("amtool: ")
    message = f"amtool {name}, which is older than today's, refuses it: {said}"
    return _warning(problem.path, message, problem.line)


def _place(text: str, message: str) -> int:
    """Return the line of the receivers that a message without one is about."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = _RECEIVERS.match(line)
        if match and match[1] and match[1] in message.lower():
            return number
    places = (n for n, line in enumerate(lines, 1) if line.startswith("receivers:"))
    return next(places, 1)


def _warning(path: str, message: str, line: int | None = None) -> Problem:
    return Problem(path, line, message, "warning", "alertmanager/not-checked")


def _error(path: str, message: str, line: int | None = None) -> Problem:
    return Problem(path, line, message, id="alertmanager/amtool")


def _output_problems(path: str, output: str) -> list[Problem]:
    if "panic:" in output or "SIGSEGV" in output:
        message = "amtool crashes on this file, as Alertmanager would; simplify it"
        return [_error(path, message)]
    lines = _LINE.findall(output)
    if lines and all(_TOO_OLD.search(text) for _, text in lines):
        return [
            _warning(
                path, f"not checked: this amtool is too old for it: {text}", int(n)
            )
            for n, text in lines
        ]
    errors = [(n, text) for n, text in lines if not _TOO_OLD.search(text)]
    if errors:
        return [_error(path, f"amtool: {text}", int(n)) for n, text in errors]
    return [_error(path, f"amtool: {_reason(output)}")]


def _reason(output: str) -> str:
    match = re.search(r"FAILED: (.+)|(?:error|err)=\"?([^\"\n]+)", output)
    if match:
        return (match[1] or match[2]).strip()
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "refused it without a reason"
