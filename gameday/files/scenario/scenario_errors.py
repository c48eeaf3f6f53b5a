"""From pydantic's errors to problems: where, what was expected, what to do."""

import re
import sys
import typing
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ValidationError

from gameday.files.scenario.model_wire import FileFormat, Into
from gameday.files.scenario.scenario_wire import SCENARIO
from gameday.files.text.cursor import Cursor
from gameday.files.text.nodes import Path
from gameday.files.text.suggest import did_you_mean, explained
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
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
}


_Model = TypeVar("_Model")


def validate(here: Cursor) -> Scenario | None:
    """Return the scenario of a document; None with all problems reported."""
    return validated(here, SCENARIO)


def validated(here: Cursor, form: FileFormat[_Model]) -> _Model | None:
    """Return a document as the model has it; None with all problems reported."""
    try:
        with _no_plugins():
            return form.read(here.value, here.document.path)
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            _report(here, error, form)
        return None


@contextmanager
def _no_plugins() -> Iterator[None]:
    """Keep pydantic from looking for plugins, which costs a tenth of a check.

    It would import `importlib.metadata` and read what all installed packages say.
    """
    name = "pydantic.plugin._loader"
    if name in sys.modules:  # somebody else has paid for it
        yield
        return
    stand_in = ModuleType(name)
    vars(stand_in)["get_plugins"] = tuple
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


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
    at_step = len(location) == 1 or location[0] == "steps"
    if key in _LATER and form is SCENARIO and at_step:
        return f"{key!r} is not supported yet"
    keys = _keys_at(location[:-1], form.keys)
    names = [field.alias or name for name, field in keys.model_fields.items()]
    return f"{key!r} is an unknown key{did_you_mean(key, names)}"


def _keys_at(location: Path, keys: type[BaseModel]) -> type[BaseModel]:
    """Return the keys that stand at a location."""
    for part in location:
        for name, field in keys.model_fields.items():
            if part == (field.alias or name):
                keys = _keys_in(field.annotation, field.metadata) or keys
                break
    return keys


def _keys_in(hint: Any, said: Iterable[Any] = ()) -> type[BaseModel] | None:
    """Return the keys that a type is read from; `said`: what it is annotated with."""
    into = next((known for known in said if isinstance(known, Into)), None)
    if into is not None:
        return into.wire(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    args = typing.get_args(hint)
    if typing.get_origin(hint) is Annotated:
        return _keys_in(args[0], args[1:])
    return next((keys for keys in map(_keys_in, args) if keys is not None), None)
