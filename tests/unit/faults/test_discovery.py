"""`chaos discover` lists every fault, and the undo."""

import json
import subprocess
import sys
from pathlib import Path

from gameday.model.faults.catalogue import CATALOGUE


def test_chaos_toolkit_discovers_every_fault(tmp_path: Path) -> None:
    chaos = str(Path(sys.executable).with_name("chaos"))
    quiet = ("--no-version-check", "--no-log-file")
    out = tmp_path / "found.json"
    words = ("discover", "--no-install", "--discovery-path", str(out))
    subprocess.run(
        [chaos, *quiet, *words, "chaostoolkit-gameday"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    discovered = json.loads(out.read_text())
    assert discovered["extension"]["name"] == "chaostoolkit-gameday"
    names = {
        f"{activity['mod'].removeprefix('gameday.faults').lstrip('.')}."
        f"{activity['name']}"
        for activity in discovered["activities"]
    }
    assert names == {*CATALOGUE, ".undo"}
