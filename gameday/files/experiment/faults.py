"""A gameday fault in an experiment: its arguments against the catalogue."""

import re
import signal
from collections.abc import Callable, Mapping
from typing import Any

from gameday.files.experiment.configuration import Unknown, Values
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among, did_you_mean, nearest
from gameday.model.faults.fault import (
    CATALOGUE,
    ONE_OF,
    SELECTORS,
    FaultRequest,
    FaultType,
    Selection,
)
from gameday.model.quantity import parse_duration, parse_share
from gameday.model.quoting import shown
from gameday.model.values.namespace import object_name

ROOM = "gameday.faults"
UNDO = "undo"
_LATER = (
    "network.rate",
    "network.dns",
    "resource.io",
    "resource.disk",
    "http.error",
    "http.delay",
    "tls.expire",
    "clock.skew",
)
_SIGNALS = tuple(number.name for number in signal.Signals)


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
    if name in _LATER and module.startswith(ROOM + "."):
        here.error(
            f"the fault {name} is not supported yet", "func", code="unknown-function"
        )
        return ""
    written = f"{module}.{func}"
    known = [f"{ROOM}.{one}" for one in (*CATALOGUE, UNDO)]
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
    fault = CATALOGUE[kind]
    given = here.get("arguments")
    path = (*here.path, "arguments")
    arguments = Cursor(here.document, {}, here.problems, path)
    if given is not None and isinstance(given.value, dict):
        arguments = given
    before = len(here.problems)
    _names(arguments, fault)
    parsed = {key: _parsed(arguments, key, fault, values) for key in arguments.value}
    service = parsed.get("service")
    _instances(arguments, service, parsed.get("instances"))
    if any(problem.severity == "error" for problem in here.problems[before:]):
        return None
    if any(value is None for value in parsed.values()):
        return None
    return _request(kind, fault, parsed)


def _request(kind: str, fault: FaultType, parsed: Mapping[str, Any]) -> FaultRequest:
    chosen = fault.whole or any(key in parsed for key in SELECTORS)
    selection = Selection(
        service=parsed["service"],
        count=parsed.get("count") if chosen else 1,
        share=1.0 if fault.whole else parsed.get("share"),
        instances=parsed.get("instances", ()),
    )
    own = {key: value for key, value in parsed.items() if key in fault.own}
    duration = parsed.get("duration")
    return FaultRequest(
        kind=kind, selection=selection, duration=duration, arguments=own
    )


def _names(here: Cursor, fault: FaultType) -> None:
    for key, value in here.entries():
        if key in fault.takes:
            continue
        if key in SELECTORS:
            value.error(
                f"{fault.name} takes no {key}: it changes the whole workload",
                code="argument",
            )
        else:
            hint = did_you_mean(key, fault.takes)
            value.error(f"{fault.name} has no argument {key!r}{hint}", code="argument")
    for key in ("service", *fault.required):
        if here.get(key) is None:
            here.error(f"{fault.name} requires {key}; it is missing", code="argument")
    several = [key for key in SELECTORS if here.get(key) is not None]
    if len(several) > 1:
        here.error(
            f"{among(several, 'and')} exclude each other; keep one of them",
            code="argument",
        )


def _parsed(here: Cursor, key: str, fault: FaultType, values: Values) -> Any:
    kind = _COMMON.get(key) or fault.own.get(key)
    if kind is None or here.value[key] is None:
        return ""  # reported already, or as good as absent
    try:
        put = values.put(here.value[key])
        return _one_of(kind, put) if kind.startswith(ONE_OF) else _PARSERS[kind](put)
    except Unknown as name:
        here.warn(
            f"not checked: the value of {name} is only known in a run",
            key,
            code="not-checked",
        )
    except KeyError as name:
        hint = did_you_mean(str(name.args[0]), values.known)
        message = f"the configuration has no key {str(name.args[0])!r}{hint}"
        here.error(message, key, code="argument")
    except ValueError as error:
        here.error(str(error), key, code="argument")
    return None


def _instances(here: Cursor, service: Any, names: Any) -> None:
    for name in names or ():
        if service and not re.fullmatch(rf"{re.escape(service)}-\d+", name):
            message = f"{name!r} is no instance of {service}; expected {service}-N"
            here.error(message, "instances", code="argument")


def _count(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{shown(value)} is not a whole number of 1 or more")
    return value


def _number(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(f"{shown(value)} is not a whole number of 0 or more")
    return int(text)


def _one_of(kind: str, value: Any) -> str:
    allowed = kind.removeprefix(ONE_OF).split(", ")
    if value not in allowed:
        hint = did_you_mean(str(value), allowed)
        raise ValueError(f"{shown(value)} is not one of {', '.join(allowed)}{hint}")
    return str(value)


def _share(value: Any) -> float:
    share = parse_share(value)
    if not 0 < share <= 1:
        raise ValueError(f"{shown(value)} is not above 0% and at most 100%")
    return share


def _duration(value: Any) -> float:
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError(f"{shown(value)} is zero; expected a duration above it")
    return seconds


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is not text; expected a name")
    return value


def _object(value: Any) -> str:
    return object_name(_text(value).strip())


def _texts(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if items == []:
        raise ValueError("the list is empty; name at least one")
    if not isinstance(items, list) or not items:
        raise ValueError(f"{shown(value)} is no list of names")
    return tuple(_text(item).strip() for item in items)


def _signal(value: Any) -> str:
    if str(value).isdigit() and int(value) in {
        number.value for number in signal.Signals
    }:
        return signal.Signals(int(value)).name
    name = str(value).upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in _SIGNALS:
        hint = did_you_mean(name, ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT"))
        raise ValueError(f"{shown(value)} is not a signal{hint}")
    return name


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "object": _object,
    "count": _count,
    "number": _number,
    "share": _share,
    "names": _texts,
    "duration": _duration,
    "signal": _signal,
}
_COMMON = {
    "service": "text",
    "count": "count",
    "share": "share",
    "instances": "names",
    "duration": "duration",
}
