"""Who holds a target, and whether that can be told to be alive."""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.targets.local.lock import Lock
from gameday.targets.ownership import holder_from, holder_here, is_dead, process_words
from gameday.targets.procfs import ProcessId

HERE = holder_here("r1", "checkout", "2000-01-01T00:00:00.000Z")


def test_it_survives_being_written_as_texts() -> None:
    assert holder_from(HERE.to_words()) == HERE
    assert holder_from({"pid": "many"}).process == ProcessId(0)


def test_death_is_known_on_this_machine_only() -> None:
    who = HERE.process
    assert HERE.alive is True
    assert replace(HERE, process=who._replace(started=1)).alive is False
    assert replace(HERE, namespace="pid:[1]").alive is None
    assert replace(HERE, process=who._replace(boot="b"), machine="m").alive is None
    if HERE.machine:
        assert replace(HERE, process=who._replace(boot="b")).alive is False
    assert holder_from({}).alive is None


def test_a_process_is_named_by_a_label() -> None:
    pid, _, rest = process_words().split(" ", 2)
    assert not is_dead(process_words())
    assert is_dead(f"{pid} 1 {rest}")
    assert not is_dead("")


TAKE = """
import sys
from gameday.targets.local.lock import Lock
from gameday.targets.ownership import holder_here
other = Lock(sys.argv[1]).hold(holder_here("r2", "other", ""))
print(other.run if other else "taken", flush=True)
sys.stdin.read()
"""


def other_process(address: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.fixture
def lock() -> Iterator[Lock]:
    made = Lock(f"unix:///nowhere/{multiprocessing.current_process().pid}")
    yield made
    Path(made.path).unlink()


def test_a_file_locks_a_supervisor_until_its_holder_ends(lock: Lock) -> None:
    address = f"unix:///nowhere/{multiprocessing.current_process().pid}"
    assert lock.hold(HERE) is None
    assert lock.hold(HERE) is None
    process, said = other_process(address)
    process.communicate()
    assert said == "r1"
    lock.release()
    process, said = other_process(address)
    assert said == "taken"
    holder = lock.hold(HERE)
    assert holder is not None
    assert holder.process.pid == process.pid
    held = lock.holder()
    assert held is not None
    assert held.run == "r2"
    process.kill()
    process.communicate()
    assert lock.holder() is None
    assert lock.hold(HERE) is None
    lock.release()
