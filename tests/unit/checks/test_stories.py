"""The benchmark of stories: each is judged as the documentation's table says."""

from pathlib import Path

import pytest

from gameday.checks.doubt import CHAINS
from tests.story_bench import Case, bases, cases, documented, judged_as, write

CASES = list(cases())
FEWEST = 150  # stories


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_stored_story_is_judged_as_the_page_says(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    outcome, because = judged_as(case)
    assert outcome is case.right, because


def test_there_are_enough_stories_about_every_question() -> None:
    assert len(CASES) >= FEWEST
    told = {base.chain for base in bases()}
    assert told == {name for name, chain in CHAINS.items() if chain.kinds()}


def test_the_page_says_of_every_kind_on_a_chain_what_it_turns() -> None:
    on_chains = {
        (name, kind.value) for name, chain in CHAINS.items() for kind in chain.kinds()
    }
    assert set(documented()) == on_chains


def test_the_stories_can_be_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))
    some = CASES[::20]
    write(tmp_path / "cases", some)
    written = list((tmp_path / "cases").glob("*/expected.json"))
    assert len(written) == len(some)
