"""Other extensions' actions in an experiment: what undoes them, and known traps.

Judged by name alone (`gameday.model.faults.foreign_others`); nothing is imported.
Everything here is a warning: an experiment may know better.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gameday.files.experiment import installed
from gameday.files.experiment.activities import ReadActivity
from gameday.files.experiment.configuration import Unknown, Values
from gameday.files.text.suggest import among, did_you_mean, nearest
from gameday.model.faults.foreign import After, ForeignAction, undoes
from gameday.model.faults.foreign_kubernetes import MODULE as KUBERNETES
from gameday.model.faults.foreign_others import ACTIONS, TRAPS

_INJECTED = ("configuration", "secrets")  # by the engine
_FOR_NOTHING = "what no rollback undoes stays when the run ends, or dies"


class Call(NamedTuple):
    """One call of a function of somebody else's: its name, its arguments."""

    activity: ReadActivity
    name: str
    arguments: Mapping[str, Any]


def calls(activities_read: Sequence[ReadActivity | None], values: Values) -> list[Call]:
    """Return the calls of Python functions; their arguments as far as known now."""
    return [
        Call(activity, _name(activity), _arguments(activity, values))
        for activity in activities_read
        if activity is not None and activity.provider_kind == "python"
    ]


def check(
    method: Sequence[ReadActivity],
    rollbacks: Sequence[ReadActivity | None],
    probes: Sequence[ReadActivity | None],
    values: Values,
) -> None:
    """Warn where an action has no undo, and where a call is known not to work."""
    done = calls(method, values)
    undos = calls(rollbacks, values)
    for place, call in enumerate(done):
        _check_undone(call, undos, done[:place])
    for call in (*done, *calls(probes, values), *undos):
        _check_traps(call)
        _check_arguments(call)


def _name(activity: ReadActivity) -> str:
    return f"{activity.provider_text('module')}.{activity.provider_text('func')}"


def _arguments(activity: ReadActivity, values: Values) -> dict[str, Any]:
    given = activity.provider.value.get("arguments")
    made: dict[str, Any] = {}
    for key, value in (given if isinstance(given, dict) else {}).items():
        try:
            made[str(key)] = values.put(value)
        except (Unknown, KeyError):
            made[str(key)] = "${" + str(key) + "}"  # only a run knows it
    return made


def _check_undone(call: Call, undos: Sequence[Call], before: Sequence[Call]) -> None:
    if call.activity.kind != "action":
        return
    action = ACTIONS.get(call.name)
    if action is None:
        _check_known(call)
        return
    if action.after in (After.PLATFORM, After.ENDS):
        return
    if any(undoes(action, call.arguments, undo.name, undo.arguments) for undo in undos):
        return
    if _undoes_an_earlier(call, before):
        return
    call.activity.here.warn(_sentence(action, undos), code="no-undo")


def _undoes_an_earlier(call: Call, before: Sequence[Call]) -> bool:
    """Return whether the method itself takes back with it what it did before."""
    return any(
        (action := ACTIONS.get(earlier.name)) is not None
        and call.name != earlier.name
        and undoes(action, earlier.arguments, call.name, call.arguments)
        for earlier in before
    )


def _sentence(action: ForeignAction, undos: Sequence[Call]) -> str:
    says = f" ({action.says})" if action.says else ""
    if action.after is After.UNKNOWN:
        return (
            f"{action.name}: {action.says}; give the experiment a rollback for it, "
            f"{_FOR_NOTHING}"
        )
    if not action.undone_by:
        return f"{action.name} has no undo{says}: nothing can bring it back"
    # `chaosk8s.actions` holds names that are still taken, and told to nobody.
    new = [
        name
        for name in action.undone_by
        if not name.startswith(f"{KUBERNETES}.actions")
    ]
    named = among(name.rpartition(".")[2] for name in new or action.undone_by)
    if any(undo.name in action.undone_by for undo in undos):
        agree = among([*action.same, *([action.differs] if action.differs else [])])
        return (
            f"{action.name}: a rollback calls {named}, but not for the same thing; "
            f"compare {agree} (ns is default where it is left out)"
        )
    if action.after is After.LOST:
        return (
            f"{action.name} has no undo of its own{says}, and no rollback calls {named}"
        )
    return f"{action.name} stays when the run ends, or dies: no rollback calls {named}"


def _check_known(call: Call) -> None:
    """Warn of a function that an extension which is known does not have."""
    module, _, func = call.name.rpartition(".")
    there = [name.rpartition(".") for name in ACTIONS]
    funcs = [name for its, _, name in there if its == module]
    if funcs:
        close = nearest(func, funcs)
        hint = f'; did you mean "{close}"?' if close else ""
        call.activity.provider.warn(
            f"{module} is not known to have {func!r}{hint}", code="unknown-function"
        )
    elif module.split(".", maxsplit=1)[0] == KUBERNETES:
        call.activity.provider.warn(
            f"{call.name} is not known to gameday; whether it has an undo is not "
            "checked",
            code="unknown-function",
        )


def _check_arguments(call: Call) -> None:
    """Report arguments that an installed function does not take, or lacks."""
    module, _, func = call.name.rpartition(".")
    known = installed.signature(module, func)
    if known is None:
        return
    here = call.activity.provider
    report = here.error if known.certain else here.warn
    for key in call.arguments:
        if key not in known.names and not known.takes_any:
            hint = did_you_mean(key, [n for n in known.names if n not in _INJECTED])
            message = f"{call.name} has no argument {key!r}{hint}"
            report(message, "arguments", key, code="argument")
    missing = [name for name in known.required if name not in _INJECTED]
    for name in missing:
        if name not in call.arguments:
            message = f"{call.name} needs the argument {name!r}, which is missing"
            at = ["arguments"] if here.get("arguments") is not None else []
            report(message, *at, code="argument")


def _check_traps(call: Call) -> None:
    for trap in TRAPS:
        if trap.name == call.name and trap.springs(call.arguments):
            call.activity.here.warn(f"{call.name}: {trap.says}", code="trap")
