"""`chaos discover gameday` lists every fault, and the undo."""

import json
import subprocess
import sys
from pathlib import Path

from gameday.model.fault import CATALOGUE


def test_chaos_toolkit_discovers_every_fault(tmp_path: Path) -> None:
    chaos = str(Path(sys.executable).with_name("chaos"))
    quiet = ("--no-version-check", "--no-log-file")
    out = tmp_path / "found.json"
    words = ("discover", "--no-install", "--discovery-path", str(out), "gameday")
    subprocess.run(
        [chaos, *quiet, *words], cwd=tmp_path, check=True, capture_output=True
    )
    found = {
        f"{one['mod'].removeprefix('gameday.faults').lstrip('.')}.{one['name']}"
        for one in json.loads(out.read_text())["activities"]
    }
    assert found == {*CATALOGUE, ".undo"}
