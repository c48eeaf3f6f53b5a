"""Processes that use resources up, and what counts as proof."""

import os
import signal
from pathlib import Path

import pytest

from gameday.targets.sidecar.network.loss import (
    Count,
    HandshakeProbe,
    probes_needed,
    standard_error,
    statistic_match,
)
from gameday.targets.sidecar.process.container import look
from gameday.targets.sidecar.resource.cpu import load_bites, used_by
from gameday.targets.sidecar.resource.stress import NAME, Say, StressProcesses
from gameday.targets.sidecar.work import WorkFailed

PATIENCE = 10.0  # seconds
# The helper forks while it has one thread; what runs the tests may have more.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def linger(say: Say) -> None:
    say(b"here")
    signal.pause()


def test_a_burner_moves_speaks_and_ends(tmp_path: Path) -> None:
    burners = StressProcesses([tmp_path])
    burners.start(linger)
    (pid,) = burners.pids
    try:
        assert burners.next_word(PATIENCE) == b"here"
        folder = Path(f"/proc/{pid}")
        assert (folder / "comm").read_text(encoding="ascii").strip() == NAME
        assert (folder / "oom_score_adj").read_text(encoding="ascii") == "1000\n"
        assert (tmp_path / "cgroup.procs").read_text(encoding="ascii") == "0"
    finally:
        burners.end()
    assert look(pid) is None
    assert burners.pids == []


def test_a_burner_that_cannot_move_says_why(tmp_path: Path) -> None:
    burners = StressProcesses([tmp_path / "nowhere"])
    with pytest.raises(WorkFailed, match=r"nowhere/cgroup\.procs: No such file"):
        burners.start(linger)
    burners.end()


def test_a_burner_that_dies_is_silent() -> None:
    burners = StressProcesses([])
    burners.start(linger)
    try:
        assert burners.next_word(PATIENCE) == b"here"
        os.kill(burners.pids[0], signal.SIGKILL)
        assert burners.next_word(PATIENCE) == b""
    finally:
        burners.end()


def test_what_processes_have_used_is_known() -> None:
    assert used_by([os.getpid()]).ran > 0
    assert used_by([2**22 + 1]).ran == 0


@pytest.mark.parametrize(
    ("share", "waited", "bites", "words"),
    [
        (0.79, 0.0, True, "the burners used 79% (asked: 80%)"),
        (0.50, 0.4, True, "another 40%: there is no more"),
        (0.50, 0.1, False, "another 10%"),
        (0.0, 0.0, False, "used 0%"),
    ],
)
def test_a_load_bites_when_it_is_used_or_nothing_is_left(
    share: float, waited: float, words: str, *, bites: bool
) -> None:
    judged, because = load_bites(0.8, share, waited)
    assert judged is bites
    assert words in because


def test_a_share_seen_has_the_error_of_its_number_of_trials() -> None:
    assert standard_error(0.5, 100) == pytest.approx(0.05)
    assert standard_error(0.1, 0) == 1.0
    assert Count(200, 30).share == 0.15
    assert Count(0, 0).share == 0.0


def test_the_smaller_the_loss_the_more_probes() -> None:
    assert probes_needed(1.0) == 200
    assert probes_needed(0.1) == 600
    assert probes_needed(0.0001) == 3000


def test_a_loss_that_is_not_there_is_seen() -> None:
    volley = HandshakeProbe(["127.0.0.1"])
    volley.before()
    proof = volley.proof(0.3)
    assert proof["bites"] is False
    assert proof["evidence"]["lost"] == 0
    assert "0.0% (give or take" in proof["because"]


def test_without_anybody_to_ask_no_loss_is_proven() -> None:
    volley = HandshakeProbe([])
    volley.before()
    assert volley.proof(0.3)["bites"] is False


def test_a_rule_takes_a_share_by_chance() -> None:
    assert statistic_match(0.1) == "-m statistic --mode random --probability 0.100000"
