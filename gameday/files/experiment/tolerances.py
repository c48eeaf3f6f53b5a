"""Tolerances of a hypothesis' probes.

The engine crashes on a bad one at run time, without rollbacks; so each shape is
judged beforehand.
"""

import re
import warnings

from gameday.files.text.cursor import Cursor
from gameday.model.quoting import shown

_KINDS = ("probe", "regex", "jsonpath", "range")
_KEYS = {
    "regex": ("type", "pattern", "target", "name"),
    "jsonpath": ("type", "path", "expect", "count", "target", "name"),
    "range": ("type", "range", "target", "name"),
}
_PAIR = 2


def check(here: Cursor) -> Cursor | None:
    """Report what is wrong; return the tolerance where it is itself a probe."""
    value = here.value
    if isinstance(value, bool | int | str | list):
        if isinstance(value, list) and not value:
            here.error(
                "an empty list tolerates nothing; expected its values", code="tolerance"
            )
        return None
    if isinstance(value, float):
        here.error(
            f"{value} is a fraction; expected a range, such as [0, {value}]",
            code="tolerance",
        )
        return None
    if not isinstance(value, dict):
        here.error(
            f"{shown(value)} is no tolerance; expected a value or a mapping",
            code="tolerance",
        )
        return None
    kind = here.choice("type", _KINDS)
    if not value.get("type"):
        here.error(
            "type is missing; expected probe, regex, jsonpath or range",
            code="missing-key",
        )
    if kind == "probe":
        return here
    if kind:
        here.only(_KEYS[kind], also="x-.*", lenient=True)
        {"regex": _regex, "jsonpath": _jsonpath, "range": _range}[kind](here)
    return None


def _regex(here: Cursor) -> None:
    pattern = here.text("pattern", required=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the engine runs it as it is
            re.compile(pattern)
    except re.error as error:
        here.error(
            f"{shown(pattern)} is no regular expression: {error}",
            "pattern",
            code="tolerance",
        )


def _jsonpath(here: Cursor) -> None:
    path = here.text("path", required=True).strip()
    if path and "${" not in path:
        reason = _not_a_path(path)
        message = f"{shown(path)} is no JSON path: {reason}"
        if reason:
            here.error(message, "path", code="json-path")
    count = here.value.get("count")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
        here.error(f"{shown(count)} is not a whole number", "count", code="tolerance")


def _not_a_path(path: str) -> str:
    """Return why the engine's reader refuses a JSON path; empty where it does not."""
    import contextlib
    import io

    from jsonpath2.path import Path  # type: ignore[import-untyped]

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # it prints what it raises
            Path.parse_str(path)
    except Exception as error:  # noqa: BLE001 - a parser that is not ours
        return re.sub(r"^line \d+:\d+ ", "", str(error).split("\n")[0]) or "unreadable"
    return ""


def _range(here: Cursor) -> None:
    ends = here.value.get("range")
    numbers = isinstance(ends, list) and all(
        isinstance(end, int | float) and not isinstance(end, bool) for end in ends
    )
    if not numbers or len(ends or ()) != _PAIR:
        here.error(
            "range is not a list of two numbers; expected [LOWEST, HIGHEST]",
            code="tolerance",
        )
    elif ends and ends[0] > ends[1]:
        here.error(
            f"{ends[0]} is above {ends[1]}; swap them", "range", code="tolerance"
        )
