"""`@frozen` is the standard library's frozen dataclass, but for how it is made."""

import pickle
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature
from typing import Any, get_type_hints

import pytest

from gameday.frozen import frozen


@frozen
class Window:
    """A window of time."""

    start: float
    length: float = 1.0
    labels: tuple[str, ...] = ()
    note: str = field(default="", repr=False)
    read_at: float = field(default=0.0, compare=False)
    notes: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The same, made by the library."""

    start: float
    length: float = 1.0
    labels: tuple[str, ...] = ()
    note: str = field(default="", repr=False)
    read_at: float = field(default=0.0, compare=False)
    notes: dict[str, str] = field(default_factory=dict, hash=False)


@frozen(kw_only=False)
class Point:
    """Two numbers, in their order."""

    x: int
    y: int


@frozen
class NamedPoint(Point):
    """A point with a name, which is not given by its place."""

    name: str = ""


@frozen
class Nothing:
    """A class without fields."""


@frozen
class LongWindow(Window):
    """One with a field more."""

    cause: str = ""


@frozen
class Made:
    """A class that makes up a field of the others, and a list of its own."""

    low: float
    high: float
    seen: list[str] = field(default_factory=list)
    width: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.high - self.low)


@frozen
class Own:
    """A class with its own idea of equality and of what it looks like."""

    name: str
    note: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.name.lower() == other.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())

    def __repr__(self) -> str:
        return f"<{self.name}>"


@frozen
class OwnEquality:  # noqa: PLW1641 - the hash is what is tried
    """A class that says itself when two are equal, and nothing of their hash."""

    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnEquality) and self.name == other.name


@frozen
class One:
    """A class with a single field."""

    value: float


@frozen
class Node:
    """A class whose instances may hold each other."""

    others: list["Node"]


EACH = [
    {"start": 1.0},
    {"start": 1.0, "length": 2.0},
    {"start": 1.0, "labels": ("a",)},
    {"start": 1.0, "note": "secret"},
    {"start": 1.0, "read_at": 9.0},
    {"start": 1.0, "notes": {"a": "b"}},
]


@pytest.mark.parametrize("left", EACH)
@pytest.mark.parametrize("right", EACH)
def test_equal_and_hashed_as_the_library_does(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    theirs, others = Library(**left), Library(**right)
    ours, other = Window(**left), Window(**right)
    assert (ours == other) is (theirs == others)
    assert (hash(ours) == hash(other)) is (hash(theirs) == hash(others))


def test_shown_as_the_library_does_without_what_is_not_to_be_shown() -> None:
    shown = repr(Library(start=1.0, note="secret"))
    assert repr(Window(start=1.0, note="secret")) == shown.replace("Library", "Window")
    assert "secret" not in shown
    assert repr(Nothing()) == "Nothing()"


def test_another_class_with_the_same_values_is_not_equal() -> None:
    other: object = Library(start=1.0)
    assert Window(start=1.0) != other
    assert Window(start=1.0) != LongWindow(start=1.0)
    assert LongWindow(start=1.0) != LongWindow(start=1.0, cause="x")
    assert Nothing() == Nothing()
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_what_a_class_says_itself_stays() -> None:
    assert Own(name="A", note="x") == Own(name="a")
    assert hash(Own(name="A")) == hash(Own(name="a"))
    assert repr(Own(name="A")) == "<A>"
    assert hash(OwnEquality(name="a")) == hash(OwnEquality(name="a"))


def test_a_single_value_is_compared_like_several() -> None:
    unknown = float("nan")
    assert One(value=unknown) == One(value=unknown)  # the same object, as in a tuple
    assert One(value=1.0) != One(value=2.0)


def test_its_signature_is_the_librarys() -> None:
    assert str(signature(Window)) == str(signature(Library))
    assert Window.__init__.__module__ == __name__
    assert get_type_hints(Window.__init__) == get_type_hints(Library.__init__)


@pytest.mark.parametrize("name", ["__init__", "__setattr__", "__delattr__"])
def test_what_it_makes_itself_a_class_may_not_have(name: str) -> None:
    with pytest.raises(TypeError, match=f"Odd has {name}"):
        frozen(type("Odd", (), {name: lambda *_: None}))


def test_nothing_can_be_changed_or_added() -> None:
    window: Any = Window(start=1.0)
    with pytest.raises(FrozenInstanceError):
        window.start = 2.0
    with pytest.raises(FrozenInstanceError):
        del window.start
    with pytest.raises((AttributeError, TypeError)):
        window.other = 1
    assert not hasattr(window, "__dict__")


def test_arguments_are_given_by_name_unless_it_says_otherwise() -> None:
    made: Any = Window
    with pytest.raises(TypeError):
        made(1.0)
    assert Point(1, 2) == Point(x=1, y=2)
    assert NamedPoint(1, 2, name="a") == NamedPoint(x=1, y=2, name="a")


def test_what_is_missing_or_unknown_is_told_as_the_library_does() -> None:
    ours: Any = Window
    theirs: Any = Library
    for arguments in ({}, {"start": 1.0, "begin": 2.0}):
        with pytest.raises(TypeError) as wrong:
            ours(**arguments)
        with pytest.raises(TypeError) as expected:
            theirs(**arguments)
        told = str(expected.value).replace("Library", "Window")
        assert str(wrong.value) == told


def test_each_gets_a_list_of_its_own_and_fields_that_it_makes_up() -> None:
    first, second = Made(low=1.0, high=3.0), Made(low=1.0, high=3.0)
    first.seen.append("x")
    assert (first.width, second.seen) == (2.0, [])
    given: list[str] = []
    assert Made(low=0.0, high=1.0, seen=given).seen is given
    assert replace(first, high=2.0).width == 1.0


def test_fields_copies_and_pickles_are_the_librarys() -> None:
    window = LongWindow(start=1.0, cause="x")
    assert [f.name for f in fields(window)][-1] == "cause"
    assert replace(window, start=2.0) == LongWindow(start=2.0, cause="x")
    assert pickle.loads(pickle.dumps(window)) == window  # noqa: S301 - our own
    assert deepcopy(window) == window
    assert copy(Made(low=1.0, high=3.0)).width == 2.0


def test_one_that_holds_itself_can_be_shown() -> None:
    node = Node(others=[])
    node.others.append(node)
    assert repr(node) == "Node(others=[...])"
