"""Disk full, a read-only home, a broken ledger: refused, and nothing is touched."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from gameday.targets import open_target
from tests.real.ledger.kills import LOGIN, PROCESS, Place
from tests.real.targets.world import CLOCK, supervisord


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Yield a place under supervisord; afterwards nobody was ever restarted."""
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    shop = tmp_path / "shop"
    shop.mkdir()
    with supervisord(shop) as url:
        target = open_target(url, CLOCK)
        before = [instance.identity for instance in target.instances()]
        address = unquote(url.removeprefix("local://"))
        yield Place(tmp_path, f"local: {{supervisor: '{address}'}}", str, LOGIN)
        assert [instance.identity for instance in target.instances()] == before


def refused(place: Place, reason: str) -> None:
    path = place.scenario(PROCESS[1], hold="200ms")
    done = place.gameday("run", str(path), "--out", str(place.folder / "out"))
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert reason in said
    assert "Traceback" not in said


def test_a_ledger_that_is_no_database_is_refused(here: Place) -> None:
    home = here.folder / "home"
    home.mkdir()
    (home / "ledger.db").write_bytes(b"not a database, surely not" * 50)
    refused(here, "ledger")


def test_a_ledger_that_was_cut_off_is_refused(here: Place) -> None:
    assert here.gameday("heal").returncode == 0
    ledger = here.folder / "home" / "ledger.db"
    for beside in ("ledger.db-wal", "ledger.db-shm"):
        (ledger.parent / beside).unlink(missing_ok=True)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:4096] + b"\0" * (len(whole) - 4096))
    refused(here, "ledger")


def test_a_home_that_is_a_file_is_refused(here: Place) -> None:
    (here.folder / "home").write_text("")
    refused(here, "home")


@pytest.fixture
def small(here: Place) -> Iterator[Path]:
    """Yield a file system of 2 MB that is the home."""
    home = here.folder / "home"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "gameday-test", str(home)]
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("only root can mount")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)


def test_a_full_disk_is_refused(here: Place, small: Path) -> None:
    fill(small / "ballast")
    refused(here, str(small))


def test_a_read_only_home_is_refused(here: Place, small: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    refused(here, str(small))


def fill(path: Path) -> None:
    """Write until there is no room: the run writes too, so nobody knows how much."""
    with path.open("wb", buffering=0) as ballast, suppress(OSError):
        for _ in range(100_000):
            ballast.write(b"\0" * 4096)


def test_a_disk_that_fills_during_the_fault_hinders_no_undo(
    here: Place, small: Path
) -> None:
    target = replace(here, folder=here.folder)
    going = target.start(target.scenario(PROCESS[2], hold="2s"))
    going.until("biting")
    fill(small / "ballast")
    going.end()
    assert "Traceback" not in going.text
    (small / "ballast").unlink()
    here.gameday("heal")
    assert going.settled()
