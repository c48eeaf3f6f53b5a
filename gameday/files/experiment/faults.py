"""A gameday fault in an experiment: its arguments against the catalogue."""

from typing import Any

from gameday.files.experiment.configuration import Unknown, Values
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among, did_you_mean, explained, nearest
from gameday.model.faults.catalogue import CATALOGUE, NOT_YET
from gameday.model.faults.fault import FaultRequest
from gameday.model.faults.request import WrongArguments, read_request

ROOM = "gameday.faults"
UNDO = "undo"


def is_ours(module: str) -> bool:
    """Return whether a module is gameday's own."""
    return module.split(".", maxsplit=1)[0] == "gameday"


def kind_of(here: Cursor, module: str, func: str) -> str:
    """Return the fault's name (`undo` for the undo) or, with an error, nothing."""
    if module == ROOM and func == UNDO:
        return UNDO
    name = f"{module.removeprefix(ROOM + '.')}.{func}"
    if module.startswith(ROOM + ".") and name in CATALOGUE:
        return name
    if name in NOT_YET and module.startswith(ROOM + "."):
        here.error(
            f"the fault {name} is not supported yet", "func", code="unknown-function"
        )
        return ""
    written = f"{module}.{func}"
    known = [f"{ROOM}.{fault}" for fault in (*CATALOGUE, UNDO)]
    close = nearest(written, known)
    hint = f'did you mean "{close}"?' if close else f"expected {among(known)}"
    here.error(
        f"{written!r} is not one of gameday's faults; {hint}",
        "func",
        code="unknown-function",
    )
    return ""


def request(here: Cursor, kind: str, values: Values) -> FaultRequest | None:
    """Return the fault that a provider asks for.

    None after an error, or where an argument is only known in a run.
    """
    given = here.get("arguments")
    path = (*here.path, "arguments")
    arguments = Cursor(here.document, {}, here.problems, path)
    if given is not None and given.mapping() is not None:
        arguments = given
    known: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in arguments.value.items():
        try:
            known[name] = values.put(value)
        except (Unknown, KeyError) as reference:
            unknown.append(name)
            known[name] = value
            _not_known(arguments, name, reference, values)
    try:
        return read_request(kind, known, unknown)
    except WrongArguments as wrong:
        for argument in wrong.all:
            at = (argument.name,) if argument.name else ()
            arguments.error(explained(argument.error), *at, code="argument")
    return None


def _not_known(
    here: Cursor, name: str, reference: Unknown | KeyError, values: Values
) -> None:
    """Say why an argument's value is not known before a run, or never."""
    if isinstance(reference, Unknown):
        here.warn(
            f"not checked: the value of {reference} is only known in a run",
            name,
            code="not-checked",
        )
        return
    key = str(reference.args[0])
    message = f"the configuration has no key {key!r}{did_you_mean(key, values.known)}"
    here.error(message, name, code="argument")
