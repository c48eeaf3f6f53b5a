"""A need that is not met skips a test, and fails it where it is required."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.kubernetes
def test_of_a_cluster():
    pytest.skip("nothing to see")

@pytest.mark.kubernetes
def test_of_a_kernel():
    pytest.skip("kernel: no netem")

def test_of_nothing():
    pass
"""


def outcome(folder: Path, **environment: str) -> str:
    """Return what pytest says about three tests in a process of its own."""
    (folder / "test_three.py").write_text(TESTS)
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = kubernetes: a cluster\n")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GAMEDAY_TEST")}
    clean["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsfE", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_an_unmet_need_skips_and_says_why(tmp_path: Path) -> None:
    said = outcome(tmp_path)
    assert "1 passed, 2 skipped" in said
    assert "GAMEDAY_TEST_KUBERNETES" in said


def test_a_required_need_that_is_not_met_is_an_error(tmp_path: Path) -> None:
    said = outcome(tmp_path, GAMEDAY_TEST_REQUIRE="kubernetes")
    assert "1 passed, 2 errors" in said
    assert "kubernetes is required here" in said


def test_a_required_test_may_not_skip_itself_but_for_the_kernel(tmp_path: Path) -> None:
    said = outcome(
        tmp_path, GAMEDAY_TEST_REQUIRE="kubernetes", GAMEDAY_TEST_KUBERNETES="a/b"
    )
    assert "1 failed, 1 passed, 1 skipped" in said
    assert "kubernetes is required, and it skips: nothing to see" in said


def test_a_need_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    said = outcome(tmp_path, GAMEDAY_TEST_REQUIRE="dokcer")
    assert "GAMEDAY_TEST_REQUIRE names dokcer" in said
