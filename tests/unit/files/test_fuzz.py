"""Readers on texts that nobody foresaw (bench/fuzz.py goes on for longer)."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gameday.files.check import check
from tests.fuzz.mutations import mutate
from tests.unit.files.repository import SAMPLES

LONGEST = 2.0  # seconds of this process for a file; others share the machine
TEXTS = {
    path: path.read_text(encoding="utf-8")
    for path in sorted(SAMPLES.rglob("*"))
    if path.suffix in (".yaml", ".yml", ".json", ".rules")
}


def judged(folder: Path, name: str, text: str) -> None:
    """Check a text as a file that is named and as one of a folder."""
    file = folder / name
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    for path in (file, folder):
        start = time.process_time()
        result = check([str(path)], {}, None)
        assert time.process_time() - start < LONGEST
        for problem in result.problems:
            assert problem.message
            assert problem.id
            assert "\n" not in str(problem)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_a_file_with_mistakes_is_judged(tmp_path: Path, path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    text = mutate(TEXTS[path], chance, [chance.choice(list(TEXTS.values()))])
    judged(tmp_path, path.name, text)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=st.text(max_size=300), name=st.sampled_from(["a.yaml", "a.json", "a.rules"])
)
def test_any_text_is_judged(tmp_path: Path, text: str, name: str) -> None:
    judged(tmp_path, name, text)
