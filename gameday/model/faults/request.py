"""A fault's arguments as an experiment gives them, read into a FaultRequest.

Arguments may arrive as text (Chaos Toolkit substitutes variables as text).
"""

import re
import signal as signals
from collections.abc import Callable, Mapping
from typing import Any

from gameday.model.faults.fault import (
    CATALOGUE,
    ONE_OF,
    SELECTORS,
    FaultRequest,
    FaultType,
    Selection,
)
from gameday.model.quantity import parse_duration, parse_share
from gameday.model.values.namespace import object_name


def parse_request(kind: str, arguments: Mapping[str, Any]) -> FaultRequest:
    """Return the fault that these arguments ask for; no selector means one instance.

    None counts as not given. ValueError, with a sentence for a person, when the
    fault is unknown or an argument is missing, unknown or of the wrong form.
    """
    if kind not in CATALOGUE:
        raise ValueError(f"there is no fault {kind!r}")
    given = {key: value for key, value in arguments.items() if value is not None}
    fault = CATALOGUE[kind]
    own = fault.own
    _check_names(fault, given)
    return FaultRequest(
        kind=kind,
        selection=_selection(fault, given),
        duration=_read("duration", "duration", given.get("duration")),
        arguments={
            key: _read(key, own[key], given[key]) for key in own if key in given
        },
    )


def _check_names(fault: FaultType, given: Mapping[str, Any]) -> None:
    unknown = [key for key in given if key not in fault.takes]
    if unknown:
        whole = set(unknown) & set(SELECTORS)
        because = " (it changes the whole workload)" if whole else ""
        raise ValueError(
            f"{fault.name} does not take {', '.join(sorted(unknown))}{because}; "
            f"it takes {', '.join(fault.takes)}"
        )
    missing = [key for key in fault.required if key not in given]
    if missing:
        raise ValueError(f"{fault.name} needs {', '.join(missing)}")


def _selection(fault: FaultType, given: Mapping[str, Any]) -> Selection:
    kind = fault.name
    service = given.get("service")
    if not isinstance(service, str) or not service.strip():
        raise ValueError(f"{kind} needs a service")
    if fault.whole:
        return Selection(service=service.strip(), share=1.0)
    chosen = [key for key in SELECTORS if key in given]
    if len(chosen) > 1:
        raise ValueError(
            f"{kind} takes one of count, share, instances; got {' and '.join(chosen)}"
        )
    instances = _read("instances", "names", given.get("instances")) or ()
    return Selection(
        service=service.strip(),
        count=_count(given.get("count")) if chosen else 1,
        share=_read("share", "share", given.get("share")),
        instances=instances,
    )


def _count(value: Any) -> int | None:
    if value is None:
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or int(text) < 1:
        raise ValueError(f"count: {value!r} is not a whole number of at least 1")
    return int(text)


def _number(argument: str, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(f"{argument}: {value!r} is not a whole number of 0 or more")
    return int(text)


def _one_of(argument: str, form: str, value: Any) -> str:
    allowed = form.removeprefix(ONE_OF).split(", ")
    if value not in allowed:
        raise ValueError(f"{argument}: {value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _share(value: Any) -> float:
    share = parse_share(value)
    if not 0 < share <= 1:
        raise ValueError(f"{value!r} is not between 0% and 100%")
    return share


def _duration(value: Any) -> float:
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError(f"{value!r} is zero; it has to be more")
    return seconds


def _names(argument: str, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(
        isinstance(part, str) for part in parts
    ):
        raise ValueError(f"{argument}: {value!r} is not a list of names")
    names = tuple(part.strip() for part in parts)
    # No names at all would otherwise be taken as not given, which means everybody.
    if not any(names):
        raise ValueError(f"{argument}: the list is empty; name at least one")
    if not all(names):
        raise ValueError(f"{argument}: {value!r} has an empty name in it")
    return names


def _signal(value: Any) -> str:
    text = str(value).strip()
    if text.isdecimal() and int(text) in {number.value for number in signals.Signals}:
        return signals.Signals(int(text)).name
    name = text.upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signals.Signals.__members__:
        raise ValueError(f"signal: {value!r} is not the name of a signal")
    return name


def _text(argument: str, value: Any) -> str:
    text = str(value)
    if not re.fullmatch(r"[^\x00-\x1f]*", text):
        raise ValueError(f"{argument}: control characters are not allowed")
    return text


def _object(argument: str, value: Any) -> str:
    try:
        return object_name(str(value).strip())
    except ValueError as wrong:
        raise ValueError(f"{argument}: {wrong}") from None


def _read(argument: str, form: str, value: Any) -> Any:
    if value is None:
        return None
    try:
        if form == "duration":
            return _duration(value)
        if form == "share":
            return _share(value)
    except ValueError as wrong:
        raise ValueError(f"{argument}: {wrong}") from None
    if form.startswith(ONE_OF):
        return _one_of(argument, form, value)
    if form in _FORMS:
        return _FORMS[form](argument, value)
    return _signal(value) if form == "signal" else _text(argument, value)


_FORMS: Mapping[str, Callable[[str, Any], Any]] = {
    "names": _names,
    "number": _number,
    "object": _object,
}
