"""The shop in CI: commits end the pipeline as written down, with exactly one cause."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commits import (  # type: ignore[import-not-found, unused-ignore]
    HARMLESS,
    PLANTED,
    Commit,
)
from pipeline import run  # type: ignore[import-not-found, unused-ignore]

from tests.conftest import ROOT

pytestmark = pytest.mark.alerting
PARTS = ("demo", "scenarios", "experiments", "slos")
Committed = Callable[[Commit], Path]


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Committed:
    """Return a checkout of the shop's files with one commit in it."""
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))

    def commit(change: Commit) -> Path:
        for part in PARTS:
            ignored = shutil.ignore_patterns("__pycache__", "image", "kubernetes")
            shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
        path = tmp_path / change.file
        text = path.read_text()
        assert change.old in text
        path.write_text(text.replace(change.old, change.new, 1))
        return tmp_path

    return commit


@pytest.mark.parametrize("change", PLANTED, ids=lambda change: change.name)
def test_a_commit_that_makes_it_worse_has_one_cause(
    change: Commit, committed: Committed, debian: dict[str, str]
) -> None:
    ended = run(committed(change), debian["prometheus"])
    if change.days:  # these stages cannot see it: that is what game days are for
        assert (ended.code, ended.causes) == (0, ())
        return
    assert (ended.stage, ended.code) == (change.stage, change.code), ended
    (cause,) = ended.causes
    assert change.cause in cause


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.name)
def test_a_harmless_commit_stays_green(
    change: Commit, committed: Committed, debian: dict[str, str]
) -> None:
    ended = run(committed(change), debian["prometheus"])
    assert (ended.code, ended.causes) == (0, ())
