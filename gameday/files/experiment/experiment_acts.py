"""What an experiment does: gameday's own faults, and the actions of others."""

from collections.abc import Sequence
from typing import NamedTuple

from gameday.files.experiment import faults
from gameday.files.experiment.activities import ReadActivity
from gameday.files.experiment.configuration import GivenConfiguration, Values
from gameday.files.text.cursor import Cursor
from gameday.model.faults.fault import FaultRequest
from gameday.model.quoting import redacted


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
    ours = [
        act for act in _own_activities(method) if act.kind and act.kind != faults.UNDO
    ]
    for act in ours:
        if act.activity.kind == "probe":
            act.activity.here.error(
                "a fault is an action, not a probe", "type", code="activity-type"
            )
        made = faults.request(act.activity.provider, act.kind, values)
        asked += [] if made is None else [made]
    return Acts(tuple(asked), bool(ours), tuple(_foreign(method)))


def _own_activities(activities_read: Sequence[ReadActivity]) -> list[_Ours]:
    ours = []
    for activity in activities_read:
        module = activity.provider_text("module")
        if activity.provider_kind == "python" and faults.is_ours(module):
            kind = faults.kind_of(
                activity.provider, module, activity.provider_text("func")
            )
            ours.append(_Ours(activity, kind))
    return ours


def _foreign(method: Sequence[ReadActivity]) -> list[str]:
    names: dict[str, None] = {}
    for activity in method:
        if activity.kind != "action" or faults.is_ours(
            activity.provider_text("module")
        ):
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
    if acts.has_faults and faults.UNDO not in kinds:
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
    """Judge the calls of other extensions; `found`: method, rollbacks, probes.

    What is known of them is imported only where there is one.
    """
    method, rollbacks, probes = groups_read
    everything = (*method, *rollbacks, *probes)
    if not any(
        activity is not None
        and activity.provider_kind == "python"
        and not faults.is_ours(activity.provider_text("module"))
        for activity in everything
    ):
        return
    from gameday.files.experiment import foreign, foreign_cluster

    foreign.check(method, rollbacks, probes, values)
    foreign_cluster.check(here, everything, values, given)
