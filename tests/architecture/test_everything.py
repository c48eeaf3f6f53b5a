"""What failed beside others is run once more, alone, and named."""

import json
from pathlib import Path

import pytest

from tests import everything


@pytest.mark.parametrize(
    ("code", "names", "alone", "flaky"),
    [
        (1, ["a"], 0, ["a"]),
        (1, ["a", "b", "c"], 0, ["a", "b", "c"]),
        (1, ["a", "b"], 1, []),  # it fails again: it has failed
        (1, ["a", "b", "c", "d"], 0, []),  # too many for want of a core
        (1, [], 0, []),  # a fixture, or a worker that died
        (2, ["a"], 0, []),  # interrupted
        (0, ["a"], 0, []),
    ],
)
def test_only_what_passes_alone_is_flaky(
    code: int, names: list[str], alone: int, flaky: list[str]
) -> None:
    assert everything.flakes(code, names, lambda *_words: alone) == flaky


def test_they_are_run_by_their_names() -> None:
    asked: list[tuple[str, ...]] = []

    def alone(*words: str) -> int:
        asked.append(words)
        return 0

    everything.flakes(1, ["a", "b"], alone)
    assert asked == [("-q", "a", "b")]


def test_what_failed_is_what_pytest_says(tmp_path: Path) -> None:
    file = tmp_path / "lastfailed"
    assert everything.failed(file) == []
    file.write_text(json.dumps({"b": True, "a": True}))
    assert everything.failed(file) == ["a", "b"]
