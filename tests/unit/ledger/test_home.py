"""Where the state lives."""

from pathlib import Path

import pytest

from gameday.errors import StoreError
from gameday.ledger.home import home, ledger_path


def test_the_environment_decides_and_the_folder_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "a" / "b"))
    assert home() == str(tmp_path / "a" / "b")
    assert Path(home()).stat().st_mode & 0o777 == 0o700
    assert ledger_path() == str(tmp_path / "a" / "b" / "ledger.db")


def test_by_default_it_is_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEDAY_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert home() == str(tmp_path / "state" / "gameday")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == str(tmp_path / ".local" / "state" / "gameday")


def test_a_place_that_cannot_be_had_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StoreError, match="keeps its state"):
        home()
