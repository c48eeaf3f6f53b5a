"""What actions of other extensions leave behind, and which action undoes it.

Data only: no code of those extensions is imported. Names and arguments are those of
chaostoolkit-kubernetes 0.39 (`foreign_kubernetes`) and chaostoolkit-toxiproxy 0.3.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from gameday.frozen import frozen


class After(StrEnum):
    """What follows an action when nobody does anything."""

    STAYS = "stays"  # until one of `undone_by` is called
    PLATFORM = "platform"  # what follows is the platform's doing
    ENDS = "ends"  # ends by itself, or puts something back
    LOST = "lost"  # nothing in the extension brings it back as it was
    UNKNOWN = "unknown"  # only who wrote the arguments knows


@frozen
class ForeignAction:
    """One action: its undos, and the arguments in which an undo has to agree.

    `differs`: an argument that has to differ from the action's (a scale back).
    `says`: a sentence for whoever reads that there is no undo.
    """

    name: str
    after: After
    undone_by: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    differs: str = ""
    says: str = ""


@frozen
class Trap:
    """Something known not to work as its name says.

    Holds where all of `given` are given so, and all of `without` are not given.
    """

    name: str
    says: str
    given: tuple[tuple[str, Any], ...] = ()
    without: tuple[str, ...] = ()

    def springs(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether these arguments fall into it."""
        told = all(
            _arguments_agree(arguments.get(key), value) for key, value in self.given
        )
        return told and all(arguments.get(key) is None for key in self.without)


def undoes(
    action: ForeignAction,
    arguments: Mapping[str, Any],
    name: str,
    others: Mapping[str, Any],
) -> bool:
    """Return whether the rollback `name(others)` brings back what an action did.

    A rollback that names nothing in particular acts on everything; a value that only
    a run knows (`${name}`) agrees with any other.
    """
    if name not in action.undone_by:
        return False
    by_name = [key for key in action.same if key != "ns"]
    everything = all(others.get(key) is None for key in by_name)
    asked = [key for key in action.same if key == "ns" or not everything]
    if not all(_argument_agrees(key, arguments, others) for key in asked):
        return False
    key = action.differs
    return (
        not key
        or others.get(key) is None
        or not _is_surely_same(arguments, others, key)
    )


def _argument_agrees(
    key: str, action: Mapping[str, Any], other: Mapping[str, Any]
) -> bool:
    default = "default" if key == "ns" else None
    a, b = action.get(key, default), other.get(key, default)
    return _open(a) or _open(b) or _arguments_agree(a, b)


def _is_surely_same(
    action: Mapping[str, Any], other: Mapping[str, Any], key: str
) -> bool:
    """Return whether both are known, and the same."""
    a, b = action.get(key), other.get(key)
    return not _open(a) and not _open(b) and _arguments_agree(a, b)


def _open(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


def _arguments_agree(action: Any, other: Any) -> bool:
    """Compare as the engine hands values on: `${name}` may have made them text."""
    return bool(action == other) or str(action).lower() == str(other).lower()


def lasting_until(
    module: str, funcs: str, undone_by: str, same: str, differs: str = ""
) -> list[ForeignAction]:
    """Return actions of a module that last until one of these functions."""
    undos = tuple(
        function if "." in function else f"{module}.{function}"
        for function in undone_by.split()
    )
    return [
        ForeignAction(
            name=f"{module}.{func}",
            after=After.STAYS,
            undone_by=undos,
            same=tuple(same.split()),
            differs=differs,
        )
        for func in funcs.split()
    ]


def ended_by_itself(module: str, funcs: str, after: After) -> list[ForeignAction]:
    """Return actions of a module after which nobody has to do anything."""
    return [
        ForeignAction(name=f"{module}.{func}", after=after) for func in funcs.split()
    ]


def by_name(actions: Iterable[ForeignAction]) -> Mapping[str, ForeignAction]:
    """Return actions by their dotted names."""
    return {action.name: action for action in actions}
