"""`@frozen`: how a class of values is made in this house.

A frozen dataclass with slots, whose arguments are given by name. To its users it is the
standard library's. Only what the library compiles anew for each class is shared here by
all classes: equality, hash, representation, and that nothing can be set. What remains
to be compiled is `__init__`. A class then costs a third to define; a run defines more
than 300 of them, and start-up is felt in every command (`bench/start.py`,
`bench/reach.py`).

It has what this house uses of the library's: no order, no `InitVar`, and no `__init__`
or `__setattr__` of a class's own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")
_NOT_OWN = ("__init__", "__setattr__", "__delattr__")


class _Factory:
    """Stands for an argument that was not given and has to be made."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


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

    What the class itself says of `__eq__`, `__hash__` and `__repr__` stays. TypeError
    where it has an `__init__`, `__setattr__` or `__delattr__` of its own.
    """

    def decorate(cls: type[_T]) -> type[_T]:
        # Whoever writes `__eq__` gets a `__hash__` of None, which he did not write.
        own = {name for name, value in vars(cls).items() if value is not None}
        for name in _NOT_OWN:
            if name in own:
                raise TypeError(
                    f"{cls.__qualname__} has {name}; a frozen class has not"
                )
        values = dataclass(
            init=False, repr=False, eq=False, slots=True, kw_only=kw_only
        )(cls)
        members = fields(values)  # type: ignore[arg-type]
        compared = [member.name for member in members if member.compare]
        hashed = [
            member.name
            for member in members
            if (member.compare if member.hash is None else member.hash)
        ]
        methods = {
            **{name: method for name, method in _SHARED.items() if name not in own},
            "__init__": _init(values, members),
            "_compared_values": _reader(compared),
            "_hashed_values": _reader(hashed),
        }
        for name, method in methods.items():
            setattr(values, name, method)
        return values

    return decorate if cls is None else decorate(cls)


def _init(cls: type, members: Iterable[Field[Any]]) -> Callable[..., None]:
    """Return the `__init__` of a class: it sets each field, then asks the class.

    A field that is no argument is `__post_init__`'s to set.
    """
    known: dict[str, Any] = {"_set": object.__setattr__, "_factory": _FACTORY}
    placed: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    arguments = [member for member in members if member.init]
    for member in arguments:
        default, value = _default(member, known)
        (named if member.kw_only else placed).append(member.name + default)
        lines.append(f"_set(self, {member.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    head = ", ".join(["self", *placed, *(["*", *named] if named else [])])
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({head}):\n {body}", known)  # noqa: S102
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    types = {member.name: member.type for member in arguments}
    init.__annotations__ = {**types, "return": None}
    return init


def _default(member: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """Return an argument's default and the value to set, as code over `known`."""
    name = member.name
    if member.default_factory is not MISSING:
        known[f"_new_{name}"] = member.default_factory
        return "=_factory", f"_new_{name}() if {name} is _factory else {name}"
    if member.default is not MISSING:
        known[f"_default_{name}"] = member.default
        return f"=_default_{name}", name
    return "", name


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads these attributes of an instance, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda value: tuple(getattr(value, name) for name in names))


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self._compared_values(self) == self._compared_values(other)


def _hash(self: Any) -> int:
    return hash(self._hashed_values(self))


@recursive_repr()
def _represent(self: Any) -> str:
    texts = (
        f"{member.name}={getattr(self, member.name)!r}"
        for member in fields(self)
        if member.repr
    )
    return f"{self.__class__.__qualname__}({', '.join(texts)})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> Mapping[str, Any]:
    """Return what a copy or a pickle keeps: `_restore` sets it again."""
    names = [member.name for member in fields(self)]
    return {name: getattr(self, name) for name in names if hasattr(self, name)}


def _restore(self: object, state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


_SHARED = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _represent,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
