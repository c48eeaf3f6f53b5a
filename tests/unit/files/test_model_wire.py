"""Dataclasses of the model that are read from a file's keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gameday.files.scenario.model_wire import Into, wire_of
from gameday.model.values.kinds import COUNT, POSITIVE_DURATION, TEXT, FileKey, one_of


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
    adapter: TypeAdapter[Whole] = TypeAdapter(Annotated[Whole, Into()])
    return adapter.validate_python(given)


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
    fields = wire_of(Whole).model_fields
    keys = [key.alias or name for name, key in fields.items()]
    assert keys == ["count", "lasts", "mode", "labels", "parts", "first", "except"]
