"""`@frozen`: how a class of values is made in this house.

A frozen dataclass with slots whose arguments are given by name, and to its users the
same as the standard library's. Only what the library compiles anew for each class is
shared here by all classes: equality, hash, representation, and that nothing can be
set. What remains to be compiled is `__init__`. A class then costs a third to define; a
run defines more than 300 of them, and start-up is felt in every command
(`bench/start.py`, `bench/reach.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")

# Reads the values by which the instances of a class are compared.
_compared: dict[type, Callable[[Any], Any]] = {}


@overload
def frozen(cls: type[_T], /) -> type[_T]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[_T]], type[_T]]: ...
@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(field,)
)
def frozen(
    cls: type[_T] | None = None, /, *, kw_only: bool = True
) -> type[_T] | Callable[[type[_T]], type[_T]]:
    """Make a class one of immutable values; `kw_only`: arguments are given by name.

    What the class itself says of `__eq__`, `__hash__` and `__repr__` stays.
    """

    def made(cls: type[_T]) -> type[_T]:
        own = vars(cls)
        values = dataclass(
            init=False, repr=False, eq=False, slots=True, kw_only=kw_only
        )(cls)
        shared = {name: how for name, how in _SHARED.items() if name not in own}
        for name, how in {**shared, "__init__": _init(values)}.items():
            setattr(values, name, how)
        return values

    return made if cls is None else made(cls)


def _init(cls: Any) -> Callable[..., None]:
    """Return the `__init__` of a class: it sets each field, then asks the class.

    A field that is no argument is `__post_init__`'s to set.
    """
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    placed: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for told in fields(cls):
        name = value = told.name
        default = ""
        if told.default_factory is not MISSING:
            known[f"_new_{name}"] = told.default_factory
            default = "=_MISSING"
            value = f"_new_{name}() if {name} is _MISSING else {name}"
        elif told.default is not MISSING:
            known[f"_default_{name}"] = told.default
            default = f"=_default_{name}"
        if told.init:
            (named if told.kw_only else placed).append(name + default)
            lines.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    arguments = ", ".join(["self", *placed, *(["*", *named] if named else [])])
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({arguments}):\n {body}", known)  # noqa: S102
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _values(value: Any) -> Any:
    """Return what an instance is compared by."""
    cls = value.__class__
    read = _compared.get(cls)
    if read is None:
        names = [field.name for field in fields(cls) if field.compare]
        read = _compared[cls] = attrgetter(*names) if names else _nothing
    return read(value)


def _nothing(_: object) -> tuple[()]:
    return ()


def _equal(self: object, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: object) -> int:
    return hash(_values(self))


@recursive_repr()
def _shown(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> Mapping[str, Any]:
    """Return what a copy or a pickle keeps: `_restore` sets it again."""
    names = [field.name for field in fields(self)]
    return {name: getattr(self, name) for name in names if hasattr(self, name)}


def _restore(self: object, state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


_SHARED = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _shown,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
