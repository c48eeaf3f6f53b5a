"""The identity of processes."""

import os
import signal
import subprocess
import sys

from gameday.clock import SystemClock
from gameday.targets.procfs import ProcessId, family, identify, start_ticks, state

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_this_process_lives_and_a_dead_one_does_not() -> None:
    assert identify().alive
    child = subprocess.Popen(SLEEP)
    known = identify(child.pid)
    assert known.started
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    zombie_lives = known.alive
    child.wait()
    assert (zombie_lives, known.alive) == (False, False)


def test_the_same_pid_with_another_start_or_boot_is_another_process() -> None:
    mine = identify()
    assert not ProcessId(mine.pid, mine.started + 1, mine.boot).alive
    assert not ProcessId(mine.pid, mine.started, "another boot").alive
    assert ProcessId(mine.pid).alive  # all that is known is the pid


def test_a_stopped_process_has_a_start_and_a_dead_one_has_none() -> None:
    child = subprocess.Popen(SLEEP)
    try:
        assert start_ticks(child.pid)
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        assert state(child.pid) == "T"
    finally:
        child.kill()
        child.wait()
    assert start_ticks(child.pid) == 0


def test_a_family_is_all_that_descends() -> None:
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    parent = subprocess.Popen([sys.executable, "-c", script, *SLEEP])
    try:
        clock, pids = SystemClock(), [parent.pid]
        end = clock.monotonic() + 10
        while len(pids) < 2 and clock.monotonic() < end:
            pids = family(parent.pid)
        assert pids[0] == parent.pid
        assert len(pids) == 2
        os.kill(pids[1], signal.SIGKILL)
    finally:
        parent.wait(10)
