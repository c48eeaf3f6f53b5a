"""What holds of the promises of a step, and between them, experiment, SLOs and load."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.experiment import Experiment
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.promise import Since
from gameday.model.quantity import parse_duration, parse_share, show_duration
from gameday.model.quoting import shown
from gameday.model.scenario import OF_ALERT
from gameday.model.slos.slo import Slo

_NEEDS_RECEIVER = [key for key, made in OF_ALERT.items() if made.needs_receiver]
_HOLDING = [key for key, made in OF_ALERT.items() if made.since is not Since.END]


class Named(NamedTuple):
    """What a scenario names: its SLOs, and why some cannot be measured."""

    slos: Sequence[Slo]
    unmeasured: Mapping[str, str]
    complete: bool = True  # all SLO files could be read


def items(here: Cursor | None, key: str) -> Iterator[Cursor]:
    """Go through a list without a word about its shape."""
    below = here.get(key) if here is not None else None
    if below is not None and isinstance(below.value, list):
        for index in range(len(below.value)):
            yield below.at(index)


def has(here: Cursor, known: Iterable[str]) -> list[str]:
    """Return which of these keys are there."""
    value = here.value if isinstance(here.value, dict) else {}
    return [key for key in known if key in value]


def slo_named(here: Cursor, named: Named) -> None:
    """Report an SLO that is not there, is ambiguous, or cannot be measured."""
    slo_is_there(here, here.value.get("slo"), named, "slo")


def slo_is_there(here: Cursor, name: object, named: Named, *key: str) -> None:
    """Report an SLO that is not there, at the key that names it."""
    if not isinstance(name, str):
        return
    if any(slo.name == name for slo in named.slos):
        return
    short = [slo.name for slo in named.slos if slo.short_name == name]
    if len(short) == 1 or not named.complete:
        return
    if short:
        here.error(
            f"{name!r} is ambiguous; write {' or '.join(short)}", *key, code="reference"
        )
    elif name in named.unmeasured:
        reason = named.unmeasured[name]
        here.error(
            f"the SLO {name!r} cannot be measured: {reason}",
            *key,
            code="slo-not-measured",
        )
    elif not named.slos:
        here.error(
            f"there is no SLO {name!r}: slos names no file with one",
            *key,
            code="reference",
        )
    else:
        hint = did_you_mean(name, [slo.name for slo in named.slos])
        here.error(f"there is no SLO {name!r}{hint}", *key, code="reference")


def unique(step: Cursor, names: dict[str, int | None]) -> None:
    """Report a step's name that another step has."""
    name = step_name(step)
    if not name:
        return
    if name in names:
        message = f"the step name {name!r} is used twice (also in line {names[name]})"
        step.error(
            f"{message}; give each step a name of its own", code="duplicate-name"
        )
    names.setdefault(name, step.line)


def step_name(step: Cursor) -> str:
    """Return a step's name, by default its experiment file's stem."""
    value = step.value if isinstance(step.value, dict) else {}
    name, path = value.get("name"), value.get("experiment")
    if isinstance(name, str):
        return name
    stem = path.rsplit("/", 1)[-1] if isinstance(path, str) else ""
    return stem.rsplit(".", 1)[0]


def check_step(here: Cursor, named: Named, experiment: Experiment | None) -> None:
    """Report what does not fit together in a step."""
    if not isinstance(here.value, dict):
        return
    expect = here.get("expect")
    promises = list(items(expect, "alerts"))
    for promise in promises:
        _alert(promise)
    _told_apart(promises)
    for promise in items(expect, "slos"):
        if isinstance(promise.value, dict):
            slo_named(promise, named)
            _share_of_all(promise)
    _each_slo_once(list(items(expect, "slos")), named)
    _metrics(list(items(expect, "metrics")))
    _hold(here, promises, experiment)


def _told_apart(promises: Sequence[Cursor]) -> None:
    """Report two promises about one name that one and the same alert could keep."""
    for index, later in enumerate(promises):
        twin = next(
            (promise for promise in promises[:index] if _one_alert(promise, later)),
            None,
        )
        if twin is None:
            continue
        if _labels(twin) == _labels(later):
            message = "this alert is promised twice in this step"
            later.error(
                f"{message} (also in line {twin.line}); put it into one entry",
                code="promised-twice",
            )
        else:
            later.error(
                f"{later.value['alert']!r} is promised in line {twin.line} too, and an "
                "alert may have the labels of both; give them labels that exclude each "
                "other, such as severity: page and severity: ticket",
                code="promised-twice",
            )


def _one_alert(first: Cursor, second: Cursor) -> bool:
    """Return whether one alert may have the name and the labels of both."""
    if not isinstance(first.value, dict) or not isinstance(second.value, dict):
        return False
    if first.value.get("alert") != second.value.get("alert"):
        return False
    here, there = _labels(first), _labels(second)
    return all(here[name] == there[name] for name in here.keys() & there.keys())


def _labels(promise: Cursor) -> Mapping[str, Any]:
    labels = promise.value.get("labels")
    return labels if isinstance(labels, dict) else {}


def _share_of_all(promise: Cursor) -> None:
    """Warn of a share that is more than there is."""
    given = promise.value.get("spends_at_most")
    try:
        share = parse_share(given)
    except ValueError:
        return
    if share > 1.0:
        promise.warn(
            f"{given} is more than the SLO's whole error budget; is that meant?",
            "spends_at_most",
            code="value",
        )


def _each_slo_once(promises: Sequence[Cursor], named: Named) -> None:
    """Report an SLO that a step promises twice, also by its short name."""
    lines: dict[str, int | None] = {}
    for promise in promises:
        name = promise.value.get("slo") if isinstance(promise.value, dict) else None
        if not isinstance(name, str):
            continue
        short = [slo.name for slo in named.slos if slo.short_name == name]
        full = any(slo.name == name for slo in named.slos)
        name = short[0] if len(short) == 1 and not full else name
        if name in lines:
            promise.error(
                f"the SLO {name!r} is promised twice in this step (also in line "
                f"{lines[name]}); keep one of the two",
                "slo",
                code="promised-twice",
            )
        lines.setdefault(name, promise.line)


def _alert(here: Cursor) -> None:
    if not isinstance(here.value, dict):
        return
    if not has(here, OF_ALERT):
        here.error(
            "asks nothing of this alert; add fires_within, or name it under "
            "no_other_alerts: {except: […]}",
            code="missing-key",
        )
    for name in has(here, _NEEDS_RECEIVER):
        if "reaches" not in here.value:
            message = f"{name} needs reaches, the receiver that is paged; add it"
            here.error(message, name, code="combination")


def _hold(
    here: Cursor, promises: Sequence[Cursor], experiment: Experiment | None
) -> None:
    hold = _seconds(here.value.get("hold"))
    if "hold" not in here.value and not any(
        has(promise, _HOLDING) for promise in promises
    ):
        here.error(
            "hold is required where no alert is promised to fire, reach or page; "
            "write how long the fault holds, such as hold: 30s",
            code="missing-key",
        )
    awaited = [
        _seconds(promise.value.get(key))
        for promise in promises
        for key in has(promise, _HOLDING)
    ]
    longest = max((time for time in awaited if time is not None), default=0.0)
    for fault in experiment.faults if experiment is not None else ():
        if fault.duration is None or CATALOGUE[fault.kind].heals_itself:
            continue
        lasts = f"the fault's duration {show_duration(fault.duration)}"
        if hold is not None and hold > fault.duration:
            here.error(
                f"{show_duration(hold)} is longer than {lasts}", "hold", code="too-long"
            )
        elif hold is None and longest > fault.duration:
            until = show_duration(longest)
            here.error(
                f"the promises take up to {until}, longer than {lasts}", code="too-long"
            )


def _seconds(value: Any) -> float | None:
    try:
        return parse_duration(value)
    except ValueError:
        return None


def _metrics(promises: Sequence[Cursor]) -> None:
    """Report what does not fit together in a step's `metrics`."""
    lines: dict[str, int | None] = {}
    for promise in promises:
        if isinstance(promise.value, dict):
            _metric(promise, lines)


def _metric(here: Cursor, lines: dict[str, int | None]) -> None:
    if isinstance(here.value.get("promql"), str):
        _expression(here)
    when = here.value.get("holds", "throughout")
    if "within" in here.value and when != "after":
        here.error(
            f"within goes with holds: after, not with {when}; remove it",
            "within",
            code="combination",
        )
    subject = here.value.get("name") or here.value.get("promql")
    if not isinstance(subject, str):
        return
    if subject in lines:
        here.error(
            f"{shown(subject)} is promised in line {lines[subject]} too, and their "
            "findings could not be told apart; give each a name of its own",
            code="promised-twice",
        )
    lines.setdefault(subject, here.line)


def _expression(here: Cursor) -> None:
    from gameday.files.promql import promql
    from gameday.files.scenario.comparison import NotCompared, conditions

    expr = here.value["promql"]
    severity, why = promql.judge(expr)
    if severity == "error":
        here.error(why, "promql", code="promql")
        return
    try:
        conditions(expr)
    except NotCompared as problem:
        here.error(f"{shown(expr)} {problem}", "promql", code="promql")


def check_load(step: Cursor, scenario: Cursor) -> None:
    """Report a promise about the load that nobody could answer."""
    here = (step.get("expect") or step).get("load")
    if here is None or not isinstance(here.value, dict):
        return
    if not here.value:
        here.error(
            "asks nothing of the load; add fails_at_most or p99_within",
            code="combination",
        )
    load = scenario.get("load")
    if load is None:
        here.error(
            "the scenario has no load; add one with url and rate", code="combination"
        )
    elif isinstance(load.value, dict) and "command" in load.value:
        here.error(
            "a load with command does not tell gameday what became of its requests; "
            "use url and rate",
            code="combination",
        )
