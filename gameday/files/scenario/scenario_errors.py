"""From pydantic's errors to problems: where, what was expected, what to do."""

import re
import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gameday.files.scenario.model_wire import wire_of
from gameday.files.scenario.scenario_wire import Scenario, Wire
from gameday.files.text.cursor import Cursor
from gameday.files.text.nodes import Path
from gameday.files.text.suggest import did_you_mean, explained
from gameday.model.quoting import shown
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


_Made = TypeVar("_Made", bound=Wire)


def validate(here: Cursor) -> Scenario | None:
    """Return the scenario of a document; None with all problems reported."""
    return validated(here, Scenario)


def validated(here: Cursor, model: type[_Made]) -> _Made | None:
    """Return a document as a model has it; None with all problems reported."""
    try:
        with _no_plugins():
            return model.model_validate(here.value, context=here.document.path)
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            _report(here, error, model)
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


def _report(here: Cursor, error: Any, model: type[Wire]) -> None:
    if error["type"] != "missing" and error.get("input") is None:
        return  # an empty key, which is reported as such
    path = _in_text(error["loc"], here.value)
    code = _CODES.get(error["type"], "wrong-type")
    if code == "value" and isinstance(error["ctx"]["error"], UnknownWord):
        code = "unknown-value"
    here.error(_message(error, path, model), *path, code=code)


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


def _message(error: Any, path: Path, model: type[Wire]) -> str:
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return _unknown(error["loc"], model)
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


def _unknown(location: Path, whole: type[Wire]) -> str:
    key = str(location[-1])
    at_step = len(location) == 1 or location[0] == "steps"
    if key in _LATER and whole is Scenario and at_step:
        return f"{key!r} is not supported yet"
    model = _model_at(location[:-1], whole)
    names = [field.alias or name for name, field in model.model_fields.items()]
    return f"{key!r} is an unknown key{did_you_mean(key, names)}"


def _model_at(location: Path, whole: type[Wire]) -> type[BaseModel]:
    """Return the model whose keys stand at a location."""
    model: type[BaseModel] = whole
    for part in location:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
                break
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if is_dataclass(annotation) and isinstance(annotation, type):
        return wire_of(annotation)
    for arg in typing.get_args(annotation):
        found = _model_in(arg)
        if found is not None:
            return found
    return None
