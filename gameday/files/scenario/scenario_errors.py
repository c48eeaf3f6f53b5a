"""From pydantic's errors to problems: where, what was expected, what to do."""

import re
from typing import Any, TypeVar

from pydantic_core import ValidationError

from gameday.files.scenario.forms import Keys
from gameday.files.scenario.model_keys import FileFormat
from gameday.files.scenario.scenario_wire import SCENARIO
from gameday.files.text.cursor import Cursor
from gameday.files.text.nodes import Path
from gameday.files.text.suggest import did_you_mean, explained, nearest
from gameday.model.quoting import shown
from gameday.model.scenario import Scenario
from gameday.model.values.kinds import UnknownWord

_LATER = ("manual", "observe", "people", "roles", "agenda", "scenarios")
_TAGS = ("text", "mapping", "flag")
_PLAIN = {
    "missing": "is required and missing",
    "too_short": "is empty; expected at least one",
}
_CODES = {
    "extra_forbidden": "unknown-key",
    "missing": "missing-key",
    "too_short": "missing-key",
    "literal_error": "unknown-value",
    "value_error": "value",
}
_SHAPES = {
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
}


_Model = TypeVar("_Model")


def validate(here: Cursor) -> Scenario | None:
    """Return the scenario of a document; None with all problems reported."""
    return validated(here, SCENARIO)


def validated(here: Cursor, form: FileFormat[_Model]) -> _Model | None:
    """Return a document as the model has it; None with all problems reported.

    A misspelt key is reported and from then on has the name that was meant, in the
    document too: what would only follow from the mistake is not a problem, and what is
    wrong below the key is one.
    """
    respelt = False
    while True:
        try:
            read = form.read(here.value, here.document.path)
        except ValidationError as refused:
            errors = refused.errors(include_url=False)
        else:
            return None if respelt else read
        misspelt = [error for error in errors if _respell(here, error, form)]
        if not misspelt:
            break
        respelt = True
    for error in errors:
        _report(here, error, form)
    return None


def _respell(here: Cursor, error: Any, form: FileFormat[Any]) -> bool:
    """Report a misspelt key and give it the name that was meant; whether it was one."""
    if error["type"] != "extra_forbidden" or _is_for_later(error["loc"], form):
        return False
    path = _in_text(error["loc"], here.value)
    keys = here.value
    for part in path[:-1]:
        keys = keys[part]
    key = str(path[-1])
    meant = nearest(key, _keys_at(error["loc"][:-1], form.keys).known)
    if not meant or meant in keys or key not in keys:
        return False
    _report(here, error, form)
    keys[meant] = keys.pop(key)
    here.document.rename(path, meant)
    return True


def _report(here: Cursor, error: Any, form: FileFormat[Any]) -> None:
    if error["type"] != "missing" and error.get("input") is None:
        return  # an empty key, which is reported as such
    path = _in_text(error["loc"], here.value)
    code = _CODES.get(error["type"], "wrong-type")
    if code == "value" and isinstance(error["ctx"]["error"], UnknownWord):
        code = "unknown-value"
    here.error(_message(error, path, form), *path, code=code)


def _in_text(location: Path, value: Any) -> Path:
    """Return the location without the parts that pydantic's unions add."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        there = isinstance(value, dict) and part in value
        there = there or (isinstance(value, list) and isinstance(part, int))
        if there:
            path.append(part)
            value = value[part]
        elif part not in _TAGS and not (last and isinstance(value, str)):
            path.append(part)
    return tuple(path)


def _message(error: Any, path: Path, form: FileFormat[Any]) -> str:
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return _unknown(error["loc"], form)
    if kind == "value_error":
        return explained(error["ctx"]["error"])
    if kind == "literal_error":
        return _not_one_of(given, error["ctx"]["expected"], path)
    if kind in _SHAPES:
        return _not_shaped(given, _SHAPES[kind], path)
    return _PLAIN.get(kind) or str(error["msg"][:1].lower() + error["msg"][1:])


def _not_shaped(given: Any, expected: str, path: Path) -> str:
    if isinstance(given, list) and path[-1:] == ("prometheus",):
        return "a list of Prometheus servers is not supported yet; name one"
    return f"{shown(given)} is not {expected}; expected {expected}"


def _not_one_of(given: Any, expected: str, path: Path) -> str:
    if given == "GameDay" and path == ("kind",):
        return "'GameDay' is not supported yet; expected Scenario"
    known = re.findall(r"'([^']*)'", expected) or [expected]
    if not isinstance(given, str):
        return f"{shown(given)} is not known; expected {' or '.join(known)}"
    return f"{shown(given)} is not known{did_you_mean(given, known)}"


def _unknown(location: Path, form: FileFormat[Any]) -> str:
    key = str(location[-1])
    if _is_for_later(location, form):
        return f"{key!r} is not supported yet"
    known = _keys_at(location[:-1], form.keys).known
    return f"{key!r} is an unknown key{did_you_mean(key, list(known))}"


def _is_for_later(location: Path, form: FileFormat[Any]) -> bool:
    at_step = len(location) == 1 or location[0] == "steps"
    return location[-1] in _LATER and form is SCENARIO and at_step


def _keys_at(location: Path, keys: Keys) -> Keys:
    """Return the keys that stand at a location."""
    for part in location:
        key = keys.known.get(str(part))
        keys = (key and key.form.keys()) or keys
    return keys
