"""Dataclasses of the model that are read from a file's keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from pydantic_core import ValidationError

from gameday.files.scenario.forms import Word
from gameday.files.scenario.model_keys import FileFormat, keys_of
from gameday.model.values.file_form import (
    REQUIRED,
    FileDefault,
    Group,
    MappingOf,
    Meaning,
    WrittenAs,
)
from gameday.model.values.kinds import (
    BURN_RATE,
    COUNT,
    FLAG,
    PATH,
    POSITIVE_DURATION,
    SHARE,
    TEXT,
    FileKey,
    one_of,
    word_for,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """Something that no file has."""

    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part."""

    name: Annotated[str, TEXT]
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole."""

    count: Annotated[int, COUNT]
    lasts: Annotated[float | None, POSITIVE_DURATION] = None
    mode: Annotated[str, one_of("fast", "slow")] = "fast"
    labels: Mapping[str, Annotated[str, TEXT]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    first: Part | None = None
    except_: Annotated[tuple[Annotated[str, TEXT], ...], FileKey("except")] = ()
    line: int | None = None
    made_up: tuple[MadeUp, ...] = ()


def read(given: Mapping[str, Any]) -> Whole:
    return FileFormat(Whole).read(given, "d/s.yaml")


def test_it_is_the_dataclass_that_is_read() -> None:
    given = {
        "count": "3",
        "lasts": "1m30s",
        "labels": {"a": "b"},
        "parts": [{"name": "x"}, {"name": "y"}],
        "first": {"name": "z"},
        "except": ["w"],
    }
    assert read(given) == Whole(
        count=3,
        lasts=90.0,
        labels={"a": "b"},
        parts=(Part(name="x"), Part(name="y")),
        first=Part(name="z"),
        except_=("w",),
    )


def test_what_is_left_out_is_as_the_dataclass_has_it() -> None:
    assert read({"count": 1}) == Whole(count=1)


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({}, ("count",), "Field required"),
        ({"count": 0}, ("count",), "0 is not a whole number of 1 or more"),
        ({"count": 1, "lasts": 30}, ("lasts",), "30 is a bare number"),
        ({"count": 1, "mode": "fsat"}, ("mode",), "'fsat' is not known"),
        ({"count": 1, "parts": [{"name": ""}]}, ("parts", 0, "name"), "is empty"),
        ({"count": 1, "labels": {"a": 5}}, ("labels", "a"), "5 is not text"),
        ({"count": 1, "line": 7}, ("line",), "Extra inputs are not permitted"),
        ({"count": 1, "made_up": []}, ("made_up",), "Extra inputs are not permitted"),
        ({"count": 1, "except_": ["w"]}, ("except_",), "Extra inputs are not"),
        ({"count": 1, "first": {"line": 2}}, ("first", "line"), "Extra inputs are not"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(
    given: dict[str, Any], place: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(given)
    told = {error["loc"]: error["msg"] for error in refused.value.errors()}
    assert said in told[place]


def test_its_keys_are_those_that_a_file_has() -> None:
    keys = list(keys_of(Whole).known)
    assert keys == ["count", "lasts", "mode", "labels", "parts", "first", "except"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to log in."""

    user: Annotated[str, TEXT] = ""
    verify: Annotated[bool, FLAG] = True


def alone(value: Any) -> Any:
    """Return the mapping that a text stands for."""
    return {"name": value} if isinstance(value, str) else value


LIMITS = Group("limits", "Limits", "What ends it.", "goes with lasts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """Something that a file writes in another form."""

    name: Annotated[str, TEXT, FileDefault("")]
    folder: Annotated[str, PATH, REQUIRED] = ""
    spent: Annotated[float | None, SHARE, LIMITS, Meaning("a share of all")] = None
    burns: Annotated[float | None, BURN_RATE, LIMITS] = 1.0
    first: Annotated[Part, WrittenAs(alone)] | None = None
    login: Annotated[Mapping[str, str | bool], MappingOf(Login)] = field(
        default_factory=dict
    )
    headers: Mapping[str, Annotated[str, TEXT] | Part] = field(default_factory=dict)
    counts: Annotated[bool, word_for({"count": True, "ignore": False})] = True


def formed(**given: Any) -> Formed:
    return FileFormat(Formed).read({"folder": "x", **given}, "d/s.yaml")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, {"name": ""}),
        ({"folder": "../x"}, {"folder": "x"}),
        ({"limits": {}}, {"burns": 1.0}),
        ({"limits": {"spent": "5%"}}, {"spent": 0.05, "burns": 1.0}),
        ({"limits": {"burns": "14.4x"}}, {"burns": 14.4}),
        ({"first": "y"}, {"first": Part(name="y")}),
        ({"first": {"name": "y"}}, {"first": Part(name="y")}),
        ({"login": {}}, {"login": {}}),
        ({"login": {"user": "joe"}}, {"login": {"user": "joe"}}),
        ({"login": {"verify": "false"}}, {"login": {"verify": False}}),
        (
            {"headers": {"A": "b", "C": {"name": "d"}}},
            {"headers": {"A": "b", "C": Part(name="d")}},
        ),
        ({"counts": "ignore"}, {"counts": False}),
    ],
)
def test_a_file_may_write_a_field_in_a_form_of_its_own(
    given: dict[str, Any], meant: dict[str, Any]
) -> None:
    plain = {"name": "", "folder": "d/x", "burns": None}
    assert formed(**given) == Formed(**{**plain, **meant})


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"limits": {"spent": "5"}}, ("limits", "spent"), "'5' is a bare number"),
        ({"limits": {"brns": 1}}, ("limits", "brns"), "Extra inputs are not"),
        ({"spent": "5%"}, ("spent",), "Extra inputs are not permitted"),
        ({"first": {}}, ("first", "name"), "Field required"),
        ({"login": {"usr": "joe"}}, ("login", "usr"), "Extra inputs are not"),
        ({"headers": {"A": 5}}, ("headers", "A", "text"), "5 is not text"),
        ({"headers": {"A": {}}}, ("headers", "A", "mapping", "name"), "Field required"),
        ({"counts": "cuont"}, ("counts",), "'cuont' is not known"),
    ],
)
def test_what_is_wrong_in_such_a_form_is_told_where_it_is(
    given: dict[str, Any], place: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        formed(**given)
    told = {error["loc"]: error["msg"] for error in refused.value.errors()}
    assert said in told[place]


def test_a_key_that_has_a_default_may_be_required_of_a_file() -> None:
    with pytest.raises(ValidationError) as refused:
        FileFormat(Formed).read({}, "d/s.yaml")
    (error,) = refused.value.errors()
    assert (error["loc"], error["type"]) == (("folder",), "missing")


def test_the_schema_says_what_a_key_means() -> None:
    schema = FileFormat(Formed).json_schema()
    limits = schema["properties"]["limits"]
    assert limits["description"] == "goes with lasts"
    assert schema["$defs"]["Limits"]["description"] == "What ends it."
    spent = schema["$defs"]["Limits"]["properties"]["spent"]
    assert spent["description"] == "a share of all"


def test_a_key_by_hand_that_is_no_field_is_looked_at_and_not_kept() -> None:
    form = FileFormat(Part, kind=Word("P"))
    assert form.read({"kind": "P", "name": "x"}, "d/s.yaml") == Part(name="x")
    with pytest.raises(ValidationError):
        form.read({"kind": "Q", "name": "x"}, "d/s.yaml")


def test_the_schema_may_call_a_mapping_by_another_name() -> None:
    parts: dict[str, dict[str, Any]] = {}
    reference = keys_of(Part, "Renamed").json(parts)
    assert reference == {"$ref": "#/$defs/Renamed"}
    assert list(parts["Renamed"]["properties"]) == ["name"]
