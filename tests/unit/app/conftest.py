"""What the tests of this room share."""

from pathlib import Path

import pytest

# An experiment that stops one instance of web and undoes it.
STOPS_WEB = """\
title: t
description: d
method:
  - type: action
    name: stop
    provider:
      type: python
      module: gameday.faults.process
      func: stop
      arguments: {service: web}
rollbacks:
  - type: action
    name: undo
    provider: {type: python, module: gameday.faults, func: undo}
"""


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, in which gameday has its home too."""
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
