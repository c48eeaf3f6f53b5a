"""A fault's arguments as an experiment gives them, read into a FaultRequest.

The one reader of them, for `check` and for an injection. Arguments may arrive as text
(Chaos Toolkit substitutes variables as text).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from gameday.model.faults.catalogue import CATALOGUE, ONE_OF, SELECTORS, FaultType
from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.values.kinds import (
    BIT_RATE,
    COUNT,
    NAME,
    NAMES,
    NUMBER,
    OBJECT,
    POSITIVE_DURATION,
    POSITIVE_SHARE,
    SIGNAL,
    UnknownWord,
    ValueKind,
    one_of,
)

_KINDS: Mapping[str, ValueKind[Any]] = {  # as the catalogue calls them
    "count": COUNT,
    "duration": POSITIVE_DURATION,
    "names": NAMES,
    "number": NUMBER,
    "object": OBJECT,
    "rate": BIT_RATE,
    "share": POSITIVE_SHARE,
    "signal": SIGNAL,
    "text": NAME,
}
_COMMON = {
    "service": "text",
    "count": "count",
    "share": "share",
    "instances": "names",
    "duration": "duration",
}


class WrongArgument(NamedTuple):
    """What is wrong with an argument; `name` empty: with all of them together."""

    name: str
    error: ValueError

    def __str__(self) -> str:
        return f"{self.name}: {self.error}" if self.name else str(self.error)


class WrongArguments(ValueError):
    """Arguments that ask for no fault; `all` of what is wrong with them."""

    def __init__(self, wrong: Collection[WrongArgument]) -> None:
        super().__init__("; ".join(map(str, wrong)))
        self.all = tuple(wrong)


def parse_request(kind: str, arguments: Mapping[str, Any]) -> FaultRequest:
    """Return the fault that these arguments ask for; no selector means one instance.

    None counts as not given. ValueError, with a sentence for a person, when the
    fault is unknown or an argument is missing, unknown or of the wrong form.
    """
    if kind not in CATALOGUE:
        raise ValueError(f"there is no fault {kind!r}")
    request = read_request(kind, arguments)
    if request is None:
        raise ValueError(f"{kind}: not all of its arguments are known")
    return request


def read_request(
    kind: str, arguments: Mapping[str, Any], unknown: Collection[str] = ()
) -> FaultRequest | None:
    """Do what `parse_request` does for a fault of the catalogue, as far as is known.

    `unknown`: the arguments that are given, but whose values only a run knows. With one
    of them the answer is None, unless another is wrong already (WrongArguments).
    """
    fault = CATALOGUE[kind]
    given = {name: value for name, value in arguments.items() if value is not None}
    wrong = [*_misnamed(fault, arguments), *_missing(fault, {*given, *unknown})]
    values: dict[str, Any] = {}
    for name in fault.takes:
        if name not in given or name in unknown:
            continue
        try:
            values[name] = kind_of(fault, name).read(given[name])
        except ValueError as error:
            wrong.append(WrongArgument(name, error))
    wrong += _foreign_instances(values)
    if wrong:
        raise WrongArguments(wrong)
    return None if unknown else _request(fault, values)


def kind_of(fault: FaultType, argument: str) -> ValueKind[Any]:
    """Return the kind of value that an argument of a fault is."""
    name = _COMMON.get(argument) or fault.own[argument]
    if name.startswith(ONE_OF):
        return one_of(*name.removeprefix(ONE_OF).split(", "))
    return _KINDS[name]


def _misnamed(fault: FaultType, names: Collection[str]) -> list[WrongArgument]:
    wrong = []
    for name in names:
        if name in SELECTORS and fault.whole:
            said = f"{fault.name} takes no {name}: it changes the whole workload"
            wrong.append(WrongArgument(name, ValueError(said)))
        elif name not in fault.takes:
            said = f"{fault.name} has no argument {name!r}"
            error = UnknownWord(said, name, fault.takes)
            wrong.append(WrongArgument(name, error))
    return wrong


def _missing(fault: FaultType, given: Collection[str]) -> list[WrongArgument]:
    sentences = [
        f"{fault.name} requires {name}; it is missing"
        for name in ("service", *fault.required)
        if name not in given
    ]
    several = [name for name in SELECTORS if name in given and not fault.whole]
    if len(several) > 1:
        listed = f"{', '.join(several[:-1])} and {several[-1]}"
        sentences.append(f"{listed} exclude each other; keep one of them")
    return [WrongArgument("", ValueError(sentence)) for sentence in sentences]


def _foreign_instances(values: Mapping[str, Any]) -> list[WrongArgument]:
    service = values.get("service")
    return [
        WrongArgument(
            "instances",
            ValueError(f"{name!r} is no instance of {service}; expected {service}-N"),
        )
        for name in values.get("instances", ())
        if service and not re.fullmatch(rf"{re.escape(service)}-[0-9]+", name)
    ]


def _request(fault: FaultType, values: Mapping[str, Any]) -> FaultRequest:
    chosen = fault.whole or any(name in values for name in SELECTORS)
    selection = Selection(
        service=values["service"],
        count=values.get("count") if chosen else 1,
        share=1.0 if fault.whole else values.get("share"),
        instances=values.get("instances", ()),
    )
    return FaultRequest(
        kind=fault.name,
        selection=selection,
        duration=values.get("duration"),
        arguments={name: values[name] for name in fault.own if name in values},
    )
