"""A fault's arguments mean the same in `check` and at injection, whatever they are."""

import json
import math
from typing import Any, NamedTuple

import pytest

from gameday.files.experiment import experiment
from gameday.files.scenario.load import read_scenario
from gameday.files.text.source import Source
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.faults.fault import FaultRequest
from gameday.model.faults.request import WrongArguments, parse_request
from tests.unit.files.shop import SCENARIO, Shop

# Each kind of value, with an argument of it, and what its fault needs besides.
PLACES = {
    "service": ("process.stop", "service", {}),
    "count": ("process.stop", "count", {"service": "web"}),
    "share": ("process.stop", "share", {"service": "web"}),
    "instances": ("process.stop", "instances", {"service": "web"}),
    "duration": ("process.stop", "duration", {"service": "web"}),
    "own duration": ("network.delay", "by", {"service": "web"}),
    "own share": ("network.loss", "packets", {"service": "web"}),
    "rate": ("network.rate", "to", {"service": "web"}),
    "names": ("network.partition", "peers", {"service": "web"}),
    "signal": ("process.kill", "signal", {"service": "web"}),
    "number": ("kubernetes.scale", "to", {"service": "web"}),
    "text": ("kubernetes.bad_image", "image", {"service": "web"}),
    "object": ("kubernetes.config_removed", "name", {"service": "web"}),
    "one of": ("kubernetes.taint", "effect", {"service": "web"}),
}
# Digits and signs of other scripts, which Python's `\\d` and `float` take.
DURATIONS = [
    *("1.5s", "1m30s", "30s1m", "1m 30s", " 30s ", "30S", "30s\n", "1e3s", "-1s"),
    *("+1s", ".5s", "1.s", "0s", "0ms", "0.4ms", "1d", "2w", "1y", "36525d", "36526d"),
    *("s", "1h30", "\u0663s", "\u00b2s", "\uff13s", "nans", "infs"),
    *("9" * 400 + "s", "9" * 5000 + "ms"),
]
SHARES = [
    *("50%", "50 %", " 50% ", "50\n%", "0%", "0.0%", "0.001%", "100%", "100.0001%"),
    *("101%", "-5%", "+5%", "1e2%", "%", "nan%", "1/3", "9" * 400 + "%"),
    *("\u0665\u0660%", "50\uff05"),
]
NUMBERS = [
    *(5, 0, -1, 1.0, 1.5, 10**9, 999_999_999, 10**30, 10**399),
    *(math.nan, math.inf, -math.inf, 1e300),
    *("5", " 5 ", "05", "+5", "-5", "5.0", "0x10", "1_000", "1e3"),
    *("\u0665", "\u00b2", "\uff19"),
    *("9" * 9, "9" * 10, "9" * 5000, "0" * 5000 + "5", "nan", "inf", "Infinity"),
]
TEXTS = [
    *("", " ", "\n", "a", " a ", "a\nb", "a\tb", "a\n", "a\x7fb", "a\u200bb"),
    *("a\u00a0b", "A", "a.b", "../x", "ünï", "true", "null", "None", "~", "a b"),
    *("x" * 300, "web", "web-1", "db-1", "web-", "web-\u0663"),
    *("web-1,web-2", "web-1,db-1", "a,b", "a, b", "a,,b", ",", "a,", " , "),
    *("SIGKILL", "sigkill", "KILL", "TERM ", "SIGNOPE", "SIGIOT", "9", "64", "0"),
    *("NoSchedule", "noschedule", " NoSchedule", "configmap", "both"),
]
OTHERS = [
    *(True, False, None, [], {}, {"a": 1}, [""], [" "], ["a", "b"], ["a,b"]),
    *(["a", ""], ["a", 5], [5], ["a", None], [["a"]], ["a\nb"], [" a "]),
    *(["web-1"], ["web-1", "web-2"], ["web-1", "a"], ["web-1", "web-1"]),
]
RATES = [
    *("10mbit", "512 kbit", "1.5gbit", "8kbit", "7999bit", "100gbit", "101gbit"),
    *("0bit", "-1mbit", "+1mbit", "1Mbit", "10mb", "mbit", "1e3kbit", "50/s"),
    *("\u0665mbit", "9" * 400 + "bit", "nanbit"),
]
VALUES = [*RATES, *DURATIONS, *SHARES, *NUMBERS, *TEXTS, *OTHERS]


ARGUMENTS_LINE = 11


class Answer(NamedTuple):
    """The fault that was asked for, or the sentences that refuse it."""

    request: FaultRequest | None
    sentences: tuple[str, ...] = ()


def at_injection(kind: str, arguments: dict[str, Any]) -> Answer:
    try:
        return Answer(parse_request(kind, arguments))
    except WrongArguments as wrong:
        return Answer(None, tuple(map(str, wrong.all)))


def at_check(kind: str, arguments: str, configuration: str = "{}") -> Answer:
    family, _, func = kind.rpartition(".")
    text = (
        f"title: t\ndescription: d\nconfiguration: {configuration}\n"
        "method:\n  - type: action\n    name: a\n    provider:\n      type: python\n"
        f"      module: gameday.faults.{family}\n      func: {func}\n"
        f"      arguments: {arguments}\n"
        "rollbacks:\n  - type: action\n    name: undo\n"
        "    provider: {type: python, module: gameday.faults, func: undo}\n"
    )
    made, problems = experiment.read_source(Source("e.yaml", text), env={})
    errors = [problem for problem in problems if problem.severity == "error"]
    assert {problem.line for problem in errors} <= {ARGUMENTS_LINE}, errors
    place = "method[0].provider.arguments"
    sentences = tuple(
        error.message.removeprefix(f"{place}: ").removeprefix(f"{place}.")
        for error in errors
    )
    return Answer(made.faults[0] if made is not None else None, sentences)


def written(value: object) -> str:
    """Return the value as YAML."""
    special = {math.inf: ".inf", -math.inf: "-.inf", 1e300: "1.0e+300"}
    if isinstance(value, float):
        return ".nan" if math.isnan(value) else special.get(value, repr(value))
    return json.dumps(value)


def agree(checked: Answer, injected: Answer) -> bool:
    """Return whether both take it, for the same, or refuse it in the same words.

    What was expected instead `check` may say in another way: it guesses.
    """
    if (checked.request, len(checked.sentences)) != (
        injected.request,
        len(injected.sentences),
    ):
        return False
    return all(
        sentence.startswith(told.partition("; expected ")[0])
        for sentence, told in zip(checked.sentences, injected.sentences, strict=True)
    )


def test_every_kind_of_value_of_the_catalogue_is_in_the_table() -> None:
    kinds = {CATALOGUE[kind].own.get(name) for kind, name, _ in PLACES.values()}
    for fault in CATALOGUE.values():
        assert {kind.partition(" of ")[0] for kind in fault.own.values()} <= {
            kind.partition(" of ")[0] for kind in kinds if kind
        }


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["written", "substituted"])
def test_check_and_injection_take_the_same_values(place: str, way: str) -> None:
    kind, argument, besides = PLACES[place]
    differ = []
    for value in VALUES:
        arguments = {**besides, argument: value}
        given, configuration = written_arguments(arguments), "{}"
        if way == "substituted":
            given = written_arguments({**besides, argument: "${odd}"})
            configuration = f"{{odd: {written(value)}}}"
        injected = at_injection(kind, arguments)
        checked = at_check(kind, given, configuration)
        if not agree(checked, injected):
            differ.append((repr(value)[:40], checked, injected))
    assert not differ, "\n".join(map(str, differ))


def written_arguments(arguments: dict[str, Any]) -> str:
    pairs = (f"{name}: {written(value)}" for name, value in arguments.items())
    return f"{{{', '.join(pairs)}}}"


WHOLES: list[tuple[str, dict[str, Any]]] = [
    ("process.stop", {}),
    ("process.stop", {"service": None}),
    ("process.stop", {"service": "web", "count": None}),
    ("process.stop", {"service": "web", "share": None, "count": 2}),
    ("process.stop", {"service": "web", "share": None, "instances": None}),
    ("process.stop", {"service": "web", "count": 1, "share": "10%"}),
    ("process.stop", {"service": "web", "count": 1, "instances": []}),
    ("process.stop", {"service": "web", "cuont": 1}),
    ("process.stop", {"service": "web", "cuont": None}),
    ("process.stop", {"service": "web", "by": "1s", "x": 1}),
    ("process.stop", {"service": "web", "instances": ["db-1", "web-1"]}),
    ("process.stop", {"service": "web", "duration": None}),
    ("process.stop", {"service": "web.1", "instances": "webx1-1"}),
    ("network.delay", {"service": "web"}),
    ("network.delay", {"service": "web", "by": None, "jitter": "1s"}),
    ("network.partition", {"service": "web", "peers": None}),
    ("kubernetes.scale", {"service": "web", "to": 1, "count": 1}),
    ("kubernetes.scale", {"service": "web", "to": 1, "share": None}),
    ("kubernetes.scale", {"service": "web", "to": "1", "duration": "1m"}),
    ("kubernetes.scale", {"service": " web ", "to": 0}),
]


@pytest.mark.parametrize(
    ("kind", "arguments"), WHOLES, ids=[str(number) for number in range(len(WHOLES))]
)
def test_check_and_injection_take_the_same_arguments(
    kind: str, arguments: dict[str, Any]
) -> None:
    injected = at_injection(kind, arguments)
    checked = at_check(kind, written_arguments(arguments))
    assert agree(checked, injected), (checked, injected)


@pytest.mark.parametrize(
    ("argument", "old", "new"),
    [
        ("duration", "hold: 45s", "hold: {}"),
        ("share", "share: 34%", "share: {}"),
    ],
)
def test_a_scenario_takes_the_same_times_and_shares(
    shop: Shop, argument: str, old: str, new: str
) -> None:
    differ = []
    for value in VALUES:
        if value is None:
            continue  # an empty key of a scenario is an error, whatever its kind
        shop.write("scenarios/s.yaml", SCENARIO)
        shop.change(old, new.format(written(value)))
        made, problems = read_scenario(str(shop.scenario), {})
        sentences = {problem.message.partition(": ")[2] for problem in problems}
        injected = at_injection("process.stop", {"service": "web", argument: value})
        told = {sentence.partition(": ")[2] for sentence in injected.sentences}
        if (made is None) != (injected.request is None) or not told <= sentences:
            differ.append((repr(value)[:40], sentences, told))
    assert not differ, "\n".join(map(str, differ))
