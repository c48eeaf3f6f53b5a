"""The lanes: which Python a lane finds, and what it makes of pytest's results."""

import sys
from pathlib import Path

import pytest

from tests import lanes

RESULTS = """<testsuites><testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="wrong"/><error message="and worse"/></testcase>
<testcase name="c"><error message="no shop"/></testcase>
<testcase name="d"><skipped message="version: no helm here"/></testcase>
</testsuite></testsuites>"""


def pyenv(root: Path, *patches: str, version: str = "3.12") -> Path:
    """Install programs that say they are this version; return the newest's place."""
    for patch in patches:
        home = root / "versions" / patch / "bin"
        home.mkdir(parents=True)
        program = home / f"python{patch.rpartition('.')[0]}"
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    return root


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a Python on PATH, and with an empty pyenv."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    return tmp_path


def test_the_newest_of_pyenv_is_taken(bare: Path) -> None:
    pyenv(bare, "3.12.9", "3.12.10", "3.13.1")
    interpreter = lanes.located("3.12")
    assert interpreter == bare / "versions" / "3.12.10" / "bin" / "python3.12"


def test_a_program_that_is_another_version_is_none(bare: Path) -> None:
    pyenv(bare, "3.12.1", version="3.11")
    assert lanes.located("3.12") is None


def test_where_there_is_no_such_python_none_is_found(bare: Path) -> None:
    assert lanes.located("3.12") is None
    assert not (bare / "versions").exists()


def test_a_shim_that_is_not_switched_on_is_passed_over(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = bare / "shims" / "python3.12"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(shim.parent))
    pyenv(bare, "3.12.1")
    assert lanes.located("3.12") == bare / "versions/3.12.1/bin/python3.12"


def test_results_are_counted_by_test() -> None:
    count = lanes.counted("unit", RESULTS, 12.3)
    assert (count.passed, count.failed) == (1, 2)
    assert count.skipped == ("version: no helm here",)
    assert not count.good
    assert str(count) == "unit: 1 passed, 2 failed, 1 skipped in 12 s"


@pytest.mark.parametrize(
    ("passed", "failed", "skipped", "good"),
    [(1, 0, (), True), (0, 0, ("why",), True), (0, 0, (), False), (9, 1, (), False)],
)
def test_nothing_that_ran_is_not_good(
    passed: int, failed: int, skipped: tuple[str, ...], good: bool
) -> None:
    assert lanes.Count("unit", passed, failed, skipped, 1.0).good is good


def test_a_python_that_is_not_supported_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        lanes.main(["2.7"])
    assert "2.7: not of 3.11" in capsys.readouterr().err


def test_without_a_version_every_other_python_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert lanes.main(["--unit"]) == 0
    this = "{}.{}".format(*sys.version_info[:2])
    said = capsys.readouterr().out
    assert said.count("this machine has no Python") == len(lanes.SUPPORTED) - 1
    assert f"no Python {this}" not in said


def test_every_second_lane_begins_with_its_game_day() -> None:
    unit, day = lanes.UNIT, lanes.GAME_DAY
    assert lanes.orders(False, 3) == [[unit, day], [day, unit], [unit, day]]
    assert lanes.orders(True, 2) == [[unit], [unit]]
