"""What an experiment does: gameday's own faults, and the actions of others.

The arguments of its own faults are read against the catalogue.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gameday.files.experiment.activities import ReadActivity
from gameday.files.experiment.configuration import GivenConfiguration, Unknown, Values
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among, did_you_mean, explained, nearest
from gameday.model.faults.catalogue import CATALOGUE, NOT_YET
from gameday.model.faults.fault import FaultRequest
from gameday.model.faults.request import WrongArguments, read_request
from gameday.model.quoting import redacted

_ROOM = "gameday.faults"
_UNDO = "undo"


class Acts(NamedTuple):
    """The faults that could be read; whether there is any; others' actions."""

    faults: tuple[FaultRequest, ...]
    has_faults: bool
    foreign: tuple[str, ...]


class _Ours(NamedTuple):
    activity: ReadActivity
    kind: str  # the fault's name, `undo`, or empty where there is no such fault


def read(method: Sequence[ReadActivity], values: Values) -> Acts:
    """Return what a method does; its mistakes are reported where they are."""
    asked: list[FaultRequest] = []
    ours = [act for act in _own_activities(method) if act.kind and act.kind != _UNDO]
    for act in ours:
        if act.activity.kind == "probe":
            act.activity.here.error(
                "a fault is an action, not a probe", "type", code="activity-type"
            )
        made = _fault_request(act.activity.provider, act.kind, values)
        asked += [] if made is None else [made]
    return Acts(tuple(asked), bool(ours), tuple(_foreign(method)))


def _own_activities(activities_read: Sequence[ReadActivity]) -> list[_Ours]:
    ours = []
    for activity in activities_read:
        module = activity.provider_text("module")
        if activity.provider_kind == "python" and _is_ours(module):
            kind = _kind_of(activity.provider, module, activity.provider_text("func"))
            ours.append(_Ours(activity, kind))
    return ours


def _foreign(method: Sequence[ReadActivity]) -> list[str]:
    names: dict[str, None] = {}
    for activity in method:
        if activity.kind != "action" or _is_ours(activity.provider_text("module")):
            continue
        text = activity.provider_text
        said = {
            "python": f"{text('module')}.{text('func')}",
            "process": f"process:{text('path')}",
            "http": f"http:{redacted(text('url'))}",
        }
        names[said[activity.provider_kind]] = None
    return list(names)


def check_undone(
    here: Cursor, acts: Acts, rollbacks: Sequence[ReadActivity | None]
) -> None:
    """Warn where no rollback undoes the experiment's faults."""
    kinds = [
        act.kind
        for act in _own_activities(
            [rollback for rollback in rollbacks if rollback is not None]
        )
    ]
    if acts.has_faults and _UNDO not in kinds:
        here.warn(
            "no rollback calls gameday.faults.undo; under plain `chaos run` the faults "
            "stay until their duration is over",
            code="no-undo",
        )


def check_foreign(
    here: Cursor,
    groups_read: tuple[
        Sequence[ReadActivity],
        Sequence[ReadActivity | None],
        Sequence[ReadActivity | None],
    ],
    values: Values,
    given: GivenConfiguration,
) -> None:
    """Judge the calls of other extensions.

    `groups_read`: method, rollbacks, probes. What is known of extensions is imported
    only where there is such a call.
    """
    method, rollbacks, probes = groups_read
    everything = (*method, *rollbacks, *probes)
    if not any(
        activity is not None
        and activity.provider_kind == "python"
        and not _is_ours(activity.provider_text("module"))
        for activity in everything
    ):
        return
    from gameday.files.experiment import foreign, foreign_cluster

    foreign.check(method, rollbacks, probes, values)
    foreign_cluster.check(here, everything, values, given)


def _is_ours(module: str) -> bool:
    """Return whether a module is gameday's own."""
    return module.split(".", maxsplit=1)[0] == "gameday"


def _kind_of(here: Cursor, module: str, func: str) -> str:
    """Return the fault's name (`undo` for the undo) or, with an error, nothing."""
    if module == _ROOM and func == _UNDO:
        return _UNDO
    name = f"{module.removeprefix(_ROOM + '.')}.{func}"
    if module.startswith(_ROOM + ".") and name in CATALOGUE:
        return name
    if name in NOT_YET and module.startswith(_ROOM + "."):
        here.error(
            f"the fault {name} is not supported yet", "func", code="unknown-function"
        )
        return ""
    written = f"{module}.{func}"
    known = [f"{_ROOM}.{fault}" for fault in (*CATALOGUE, _UNDO)]
    close = nearest(written, known)
    hint = f'did you mean "{close}"?' if close else f"expected {among(known)}"
    here.error(
        f"{written!r} is not one of gameday's faults; {hint}",
        "func",
        code="unknown-function",
    )
    return ""


def _fault_request(here: Cursor, kind: str, values: Values) -> FaultRequest | None:
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
