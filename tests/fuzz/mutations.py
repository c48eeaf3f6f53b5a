"""Small mistakes put into a text, as people and programs make them.

One seed gives the same mistakes again. Some change the text, some its YAML tree: a key
that is misspelt, gone, null, of another type, or moved to where it does not belong.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml

Change = Callable[[str, random.Random], str]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
CHARACTERS = "{}[]()\"'`:,-#&*!|>%@\\ \t\n=~^$.;/<+0aZ_é\u2028\x00\ufeff"
WORDS = (
    *("5m", "-1s", "1w2d", "0", "1.5", "5m5", "30d", "", "null", "true", "yes"),
    *("~", "0x1f", "1e3", ".5", "2026-01-01", "http://x", "x:9093", "*", "a b"),
    *("{{ $labels.a }}", "{{ if }}", "{{ .Value | humanize }}", "${HOME}", "$1"),
    *("sum(", "rate(a[5m])", "a{b=~'('}", "up == 0", "a / on(b) c", "999999999999"),
)
TOKENS = (
    *("(", ")", "{", "}", "[5m]", "[5m:1m]", "sum", "by (a)", "rate", "offset 5m"),
    *("or", "and", "unless", "bool", "on(a)", "group_left", "==", "=~", "!=", "+"),
    *("-", "*", "/", "%", "^", "1", '"x"', "`x`", "'x'", "@ end()", ",", "up", "inf"),
    *("topk(1, a)", "time()", "vector(1)", "histogram_quantile(0.9, a)", "0x1f"),
    *("absent(a)", "label_replace(a, 'b', '$1', 'c', '(.*)')", "1_000", "[1h30m]"),
    *("count_values('x', a)", "quantile(0.5, a)", "start()", "NaN", "@ 5", "atan2"),
)


def mutate(text: str, chance: random.Random, others: Sequence[str] = ()) -> str:
    """Return a text with one to three mistakes in it; `others`: texts to take from."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        kinds = (_text_change, _tree_change, _tree_change, _expression_change)
        text = chance.choice(kinds)(text, chance)
        if others and chance.random() < 0.05:
            text = _transplanted(text, chance.choice(others), chance)
    return text


def _text_change(text: str, chance: random.Random) -> str:
    return chance.choice(_ON_TEXTS)(text, chance)


def _without_characters(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice((1, 1, 2, 5)) :]


def _with_character(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(CHARACTERS) + text[at:]


def _with_line_twice(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join([*lines[: at + 1], *lines[at:]])


def _without_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join(lines[:at] + lines[at + 1 :])


def _shifted_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    more = lines[at].removeprefix(" ") if chance.random() < 0.5 else " " + lines[at]
    return "\n".join([*lines[:at], more, *lines[at + 1 :]])


def _cut_off(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


_ON_TEXTS: tuple[Change, ...] = (
    *(_without_characters, _with_character, _with_line_twice, _without_line),
    *(_shifted_line, _cut_off),
)


def _tree_change(text: str, chance: random.Random) -> str:
    try:
        tree = yaml.load(text, LOADER)  # noqa: S506 - safe, of the C library
    except (yaml.YAMLError, ValueError, RecursionError):
        return text
    places = list(_places(tree))
    if not places:
        return text
    container, key = chance.choice(places)
    chance.choice(_ON_TREES)(container, key, chance)
    try:
        written: str = yaml.dump(tree, Dumper=DUMPER, sort_keys=False, width=1000)
    except (yaml.YAMLError, TypeError, RecursionError):
        return text
    return written


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict | list):
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            yield node, key
            yield from _places(node[key])


def _remove(container: Any, key: Any, _: random.Random) -> None:
    del container[key]


def _misspell(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, dict) and isinstance(key, str) and key:
        at = chance.randrange(len(key))
        misspelt = chance.choice((key[:at] + key[at + 1 :], key + "s", key.upper()))
        container[misspelt] = container.pop(key)


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    values: tuple[Any, ...] = (
        *(None, True, 0, 5, -1, 1.5, "", [], {}, ["a"], {"a": "b"}, [None], [{}]),
        chance.choice(WORDS),
        chance.choice(WORDS),
    )
    container[key] = chance.choice(values)


def _wrap(container: Any, key: Any, _: random.Random) -> None:
    container[key] = [container[key]]


def _unwrap(container: Any, key: Any, _: random.Random) -> None:
    value = container[key]
    if isinstance(value, list) and value:
        container[key] = value[0]
    elif isinstance(value, dict) and value:
        container[key] = next(iter(value.values()))


def _double(container: Any, key: Any, _: random.Random) -> None:
    if isinstance(container, list):
        container.append(container[key])
    elif isinstance(container[key], list):
        container[key] = container[key] * 2
    else:
        container[f"{key}2"] = container[key]


def _as_text(container: Any, key: Any, _: random.Random) -> None:
    if not isinstance(container[key], dict | list):
        container[key] = str(container[key])


_ON_TREES = (_remove, _misspell, _replace, _replace, _wrap, _unwrap, _double, _as_text)


def _expression_change(text: str, chance: random.Random) -> str:
    """Change one token of one long line: expressions and templates are such lines."""
    lines = text.split("\n")
    long = [at for at, line in enumerate(lines) if "(" in line or "{{" in line]
    if not long:
        return _text_change(text, chance)
    at = chance.choice(long)
    parts = re.findall(r"\w+|\s+|[^\w\s]", lines[at])
    first = next((n for n, part in enumerate(parts) if part == ":"), 0) + 1
    where = chance.randrange(first, len(parts) + 1) if first < len(parts) else 0
    new = [chance.choice(TOKENS)] if chance.random() < 0.7 else []
    gone = chance.choice((0, 1))
    parts[where : where + gone] = new
    lines[at] = "".join(parts)
    return "\n".join(lines)


def _transplanted(text: str, other: str, chance: random.Random) -> str:
    """Return a text with some lines of another in it."""
    lines, taken = text.split("\n"), other.split("\n")
    at, start = chance.randrange(len(lines) + 1), chance.randrange(len(taken))
    return "\n".join([*lines[:at], *taken[start : start + 4], *lines[at:]])
