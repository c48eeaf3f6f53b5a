"""Malformed files: one clear problem, never a traceback, in bounded time."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.errors import Problem
from gameday.files.check import check
from tests.unit.files.shop import EXPERIMENT, FILES, OPENSLO, SCENARIO, SLOTH, Shop

LONGEST = 2.0  # seconds of this process; others share the machine
TRUNCATED = {
    "scenarios/s.yaml": SCENARIO,
    "experiments/stop.yaml": EXPERIMENT,
    "slos/checkout.yaml": OPENSLO,
    "slos/latency.yaml": SLOTH,
}
# The C library's, where PyYAML has it: thousands of documents are written here.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
WRONG = ("5", "text", "[1, 2]", "{a: 1}", "true", "null", "1.5", "'${X'", "- x")


def loaded(text: str) -> Any:
    return yaml.load(text, LOADER)  # noqa: S506 - safe, of the C library


def dumped(value: object) -> str:
    written: str = yaml.dump(value, Dumper=DUMPER, sort_keys=False)
    return written


def judged(path: Path) -> list[Problem]:
    """Check one file within the time that it may take."""
    start = time.process_time()
    result = check([str(path)], {}, None)
    assert time.process_time() - start < LONGEST
    return [problem for problem in result.problems if problem.severity == "error"]


def refused(path: Path, *, with_line: bool = True) -> list[Problem]:
    errors = judged(path)
    assert errors
    assert all(problem.path and problem.message for problem in errors)
    if with_line:
        assert any(problem.line for problem in errors)
    return errors


def truncations() -> Iterator[tuple[str, int]]:
    for name, text in TRUNCATED.items():
        for number in range(1, 45):
            yield name, len(text) * number // 45


def complete(name: str, text: str) -> bool:
    """Whether a truncated text still says everything: only what may be left out is.

    The keys that are gone are optional ones, and no value is cut short.
    """
    if not text.endswith("\n") and not FILES[name][len(text) :].startswith("\n"):
        return False
    try:
        loaded(text)
    except yaml.YAMLError:
        return False
    return True


@pytest.mark.parametrize(("name", "length"), list(truncations()))
def test_truncated(shop: Shop, name: str, length: int) -> None:
    text = FILES[name][:length]
    errors = judged(shop.write(name, text))
    if not errors:
        assert complete(name, text) or is_prefix_of_a_value(name, length)
    assert all(problem.line or "is empty" in problem.message for problem in errors)


def is_prefix_of_a_value(name: str, length: int) -> bool:
    """Whether the cut is inside of a value of free text, which nobody can tell."""
    line = FILES[name][:length].split("\n")[-1]
    free = (
        "title",
        "description",
        "owner",
        "reaches",
        "name",
        "total_query",
        "- alert",
    )
    return line.strip().startswith(free) or line.strip() == ""


def keys() -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for name in TRUNCATED:
        for path in paths(loaded(FILES[name]), ()):
            yield name, path


def paths(
    value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, below in items:
        yield (*path, key)
        yield from paths(below, (*path, key))


def replaced(value: object, path: tuple[str | int, ...], new: object) -> object:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, dict):
        return {
            key: replaced(below, tuple(rest), new) if key == head else below
            for key, below in value.items()
        }
    assert isinstance(value, list)
    return [
        replaced(below, tuple(rest), new) if index == head else below
        for index, below in enumerate(value)
    ]


@pytest.mark.parametrize(("name", "path"), list(keys()), ids=str)
def test_a_wrong_type_for_every_key(
    shop: Shop, name: str, path: tuple[str | int, ...]
) -> None:
    """Whatever stands under a key: no traceback, and in time.

    A mapping in the place of everything else is never accepted.
    """
    document = loaded(FILES[name])
    for written in WRONG:
        wrong = loaded(written)
        broken = dumped(replaced(document, path, wrong))
        errors = judged(shop.write(name, broken))
        # Which kind a file is may not be told any more; then it is named instead.
        assert all(problem.line for problem in errors)
    passed_over = path in (("runtime",), ("runtime", "rollbacks"))  # by the engine
    if not isinstance(path[-1], int) and not (passed_over or FREE.intersection(path)):
        broken = dumped(replaced(document, path, {"nonsense": [None]}))
        refused(shop.write(name, broken))


# Where a mapping of anything is allowed, or nothing of ours looks.
FREE = frozenset(
    (
        "configuration",
        "arguments",
        "with",
        "labels",
        "metadata",
        "alerting",
        "displayName",
    )
)


def deep_flow(path: Path) -> Path:
    return written(path, "a: " + "[" * 10_000 + "]" * 10_000)


def deep_maps(path: Path) -> Path:
    return written(path, '{"a":' * 10_000 + "1" + "}" * 10_000)


def deep_blocks(path: Path) -> Path:
    return written(path, "".join(" " * n + "a:\n" for n in range(2_000)))


def deep_sequences(path: Path) -> Path:
    return written(path, "- " * 10_000)


def bomb(path: Path) -> Path:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 12):
        inside = ", ".join([f"*a{n - 1}"] * 10)
        lines.append(f"a{n}: &a{n} [{inside}]")
    return written(path, "\n".join(lines))


def merge_bomb(path: Path) -> Path:
    lines = ["a0: &a0 {k: v}"]
    lines += [
        f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: v}}" for n in range(1, 90)
    ]
    return written(path, "\n".join(lines) + "\n  bad")


def recursive(path: Path) -> Path:
    return written(path, "a: &a [*a]")


def nul(path: Path) -> Path:
    return written(path, SCENARIO.replace("survives", "sur\0vives"))


def latin(path: Path) -> Path:
    path.write_bytes(SCENARIO.replace("payments", "zahlungsf\xe4hig").encode("latin-1"))
    return path


def utf16(path: Path) -> Path:
    path.write_bytes(SCENARIO.encode("utf-16"))
    return path


def empty(path: Path) -> Path:
    return written(path, "")


def blank(path: Path) -> Path:
    return written(path, "\n  \n# nothing\n")


def tabs(path: Path) -> Path:
    return written(path, SCENARIO.replace("  name: survives", "\tname: survives"))


def twice(path: Path) -> Path:
    return written(path, SCENARIO.replace("kind: Scenario", "kind: Scenario\n" * 2))


def huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    return path


def many_values(path: Path) -> Path:
    return written(path, "[" + "1," * 1_500_000 + "]")


def long_number(path: Path) -> Path:
    return written(path, "a: " + "9" * 100_000)


def odd_date(path: Path) -> Path:
    return written(path, SCENARIO.replace("hold: 45s", "hold: 2021-02-31"))


def binary_tag(path: Path) -> Path:
    return written(path, "a: !!binary x")


def text_alone(path: Path) -> Path:
    return written(path, "BAD")


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def missing(path: Path) -> Path:
    return path


def broken_json(path: Path) -> Path:
    return written(path.with_suffix(".json"), '{"title": "x",\n\t"method": [,]}')


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


BAD = (
    *(deep_flow, deep_maps, deep_blocks, deep_sequences, bomb, merge_bomb, recursive),
    *(nul, latin, utf16, tabs, twice, many_values, long_number, odd_date),
    *(binary_tag, text_alone, broken_json),
)
WITHOUT_LINE = (empty, blank, huge, fifo, missing)


@pytest.mark.parametrize("make", BAD, ids=lambda make: str(make.__name__))
def test_bad_files_have_a_line(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    refused(make(tmp_path / "s.yaml"))


@pytest.mark.parametrize("make", WITHOUT_LINE, ids=lambda make: str(make.__name__))
def test_bad_files_without_any_line(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    (error,) = refused(make(tmp_path / "s.yaml"), with_line=False)
    assert error.line is None


def test_a_folder_where_a_file_is_named(shop: Shop) -> None:
    shop.change("../slos/checkout.yaml", "../slos")
    assert any("is a folder" in line for line in shop.said())


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch {mark}']",
        "!!python/object/new:os.system ['touch {mark}']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!include /etc/passwd",
    ],
)
@pytest.mark.parametrize("name", list(TRUNCATED))
def test_no_tag_is_obeyed(shop: Shop, name: str, tag: str) -> None:
    mark = shop.folder / "mark"
    text = FILES[name]
    broken = f"{text}extra: {tag.format(mark=mark)}\n"
    (error, *_) = refused(shop.write(name, broken))
    assert "is not allowed" in error.message
    assert error.line == broken.count("\n")
    assert not mark.exists()


def test_nothing_of_an_experiment_is_imported(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = shop.folder / "mark"
    shop.write("theirs.py", f"open({str(mark)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(shop.folder))
    shop.change("gameday.faults.process", "theirs", "experiments/stop.yaml")
    assert judged(shop.folder / "experiments/stop.yaml") == []
    assert not mark.exists()
