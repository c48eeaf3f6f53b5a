"""Killed at the wrong moment: the watchdog, the next run, `undo`, `heal`.

Under supervisord, so that it runs everywhere; once more on Docker with the network.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.ledger.heal import heal
from gameday.ledger.ledger import Ledger
from gameday.ledger.watchdog.launcher import start_watchdog
from gameday.model.faults.fault import FaultState
from gameday.targets import open_target
from gameday.targets.opened import OpenTarget
from tests.real.processes import watchdogs
from tests.real.targets.world import CLOCK, ComposeProject, wait_for

SPRINT = """
import json, sys, time
from gameday.faults.flow import inject
for kind, given in json.loads(sys.argv[1]):
    inject(kind, given, None)
print("biting", flush=True)
time.sleep(60)
"""
EXPERIMENT = """\
title: Web is frozen and down
description: And comes back.
runtime: {{rollbacks: {{strategy: always}}}}
configuration:
  target: {{type: env, key: GAMEDAY_TARGET, default: "docker://shop"}}
  service: web
method:
{method}
rollbacks:
- type: action
  name: undo
  provider: {{type: python, module: gameday.faults, func: undo}}
"""
ACTION = """\
- type: action
  name: {func} {name}
  provider:
    type: python
    module: gameday.faults.{family}
    func: {func}
    arguments: {{service: "${{service}}", instances: {name}}}
"""
CHAOS = ["--no-version-check", "--no-log-file"]


@pytest.fixture
def ledger(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ledger]:
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_USER", "ops")
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_PASSWORD", "hush")
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    monkeypatch.setenv("GAMEDAY_TARGET", url)
    for name in ("GAMEDAY_RUN", "GAMEDAY_STEP", "GAMEDAY_SEED"):
        monkeypatch.delenv(name, raising=False)
    ledger = Ledger(str(tmp_path / "ledger.db"), CLOCK)
    yield ledger
    wait_for(lambda: not ledger.open_faults())
    ledger.close()


def opener(url: str) -> OpenTarget:
    return open_target(url, CLOCK)


def states(url: str) -> dict[str, str]:
    return {instance.name: instance.state for instance in opener(url).instances("web")}


def sprint(*faults: tuple[str, str], **given: str) -> subprocess.Popen[str]:
    """Start a process that injects, as `chaos run` would, and then does nothing."""
    asked = [(kind, {"service": "web", "instances": n, **given}) for kind, n in faults]
    process = subprocess.Popen(
        [sys.executable, "-c", SPRINT, json.dumps(asked)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "biting\n"
    process.stdout.close()
    return process


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def both_down(url: str) -> bool:
    return states(url) == {"web-1": "stopped", "web-2": "paused"}


def all_up(url: str) -> bool:
    return set(states(url).values()) == {"running"}


FAULTS = (("process.stop", "web-1"), ("process.pause", "web-2"))


def test_the_watchdog_undoes_what_a_killed_engine_left(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    process = sprint(*FAULTS)
    assert both_down(url)
    kill(process)
    wait_for(lambda: all_up(url))
    wait_for(lambda: ledger.open_runs() == [])
    ended = _ended(ledger, f"chaos-{process.pid}-")
    assert set(ended.values()) == {"watchdog"}
    assert len(ended) == 2
    wait_for(lambda: watchdogs(tmp_path) == [])


def _ended(ledger: Ledger, prefix: str) -> dict[int, str]:
    """Return who ended each fault of the run whose name begins so."""
    number, ended_by = 1, {}
    while (fault := ledger.fault(number)) is not None:
        if fault.run.startswith(prefix):
            for transition in ledger.transitions(fault.run):
                if transition.fault == number and transition.state is FaultState.UNDONE:
                    ended_by[number] = transition.by
        number += 1
    return ended_by


def test_a_fault_ends_when_its_duration_is_over(url: str, ledger: Ledger) -> None:
    process = sprint(("process.pause", "web-2"), duration="1s")
    try:
        wait_for(lambda: all_up(url))
        wait_for(lambda: not ledger.open_faults())
        assert process.poll() is None  # its process had no part in it
        ended = _ended(ledger, f"chaos-{process.pid}-")
        assert list(ended.values()) == ["deadline"]
    finally:
        kill(process)


def test_with_the_watchdog_dead_as_well_the_next_fault_finds_it_held_by_the_dead(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    process = sprint(*FAULTS)
    (dog,) = watchdogs(tmp_path)
    os.kill(dog, signal.SIGKILL)
    kill(process)
    (stale,) = ledger.dead_runs(opener(url).url)
    assert both_down(url)
    healed = heal(ledger, opener, CLOCK, ledger.open_faults(run=stale.run))
    assert [healing.undone.ok for healing in healed] == [True, True]
    assert all_up(url)
    ledger.close_run(stale.run)
    assert ledger.dead_runs(opener(url).url) == []


def test_a_second_process_is_refused_while_the_first_lives(
    url: str, ledger: Ledger
) -> None:
    process = sprint(("process.pause", "web-2"))
    asked = json.dumps([("process.stop", {"service": "web", "instances": "web-1"})])
    second = subprocess.run(
        [sys.executable, "-c", SPRINT, asked],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    kill(process)
    assert second.returncode != 0
    assert f"process {process.pid}" in second.stderr
    wait_for(lambda: not ledger.open_faults())
    assert all_up(url)
    assert list(_ended(ledger, "chaos-")) == [1]


def test_a_run_that_ends_well_sends_its_watchdog_home(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.open_run("r1", opener(url).url)
    handle = start_watchdog("r1", str(tmp_path))
    (dog,) = watchdogs(tmp_path)
    assert os.getsid(dog) != os.getsid(0)
    handle.close()
    wait_for(lambda: dog not in watchdogs(tmp_path))
    handle.close()
    ledger.close_run("r1")
    assert (tmp_path / "watchdog.log").read_text() == ""


def test_a_watchdog_goes_when_its_run_is_closed(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.open_run("r1", opener(url).url)
    start_watchdog("r1", str(tmp_path)).abandon()
    (dog,) = watchdogs(tmp_path)
    ledger.close_run("r1")
    wait_for(lambda: dog not in watchdogs(tmp_path))


def chaos(verb: str, folder: Path, *methods: str) -> subprocess.CompletedProcess[str]:
    file = folder / "experiment.yaml"
    file.write_text(EXPERIMENT.format(method="".join(methods)))
    words = ["--journal-path", str(folder / "journal.json")] if verb == "run" else []
    program = Path(sys.executable).with_name("chaos")
    return subprocess.run(
        [str(program), *CHAOS, verb, *words, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_plain_chaos_run_leaves_nothing(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    methods = [
        ACTION.format(family="process", func=func, name=name)
        for func, name in (("stop", "web-1"), ("pause", "web-2"), ("kill", "web-2"))
    ]
    assert chaos("validate", tmp_path, *methods).returncode == 0
    done = chaos("run", tmp_path, *methods[:2])
    assert done.returncode == 0, done.stderr
    journal = json.loads((tmp_path / "journal.json").read_text())
    hits = [activity["output"]["hits"][0] for activity in journal["run"]]
    assert [hit["proof"]["bites"] for hit in hits] == [True, True]
    undone = journal["rollbacks"][0]["output"]["undone"]
    assert [undone_fault["instance"] for undone_fault in undone] == ["web-2", "web-1"]
    assert all_up(url)
    assert ledger.open_faults() == []
    assert ledger.open_runs() == []


@pytest.mark.docker
def test_on_docker_the_watchdog_undoes_processes_and_networks(
    project: ComposeProject, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_TARGET", project.url)
    process = sprint(("network.partition", "web-2"), ("process.stop", "web-1"))
    assert not project.runs("web-1")
    assert len(project.helpers()) == 1
    kill(process)
    wait_for(lambda: ledger.open_runs() == [])
    assert project.runs("web-1")
    assert project.helpers() == []
    assert project.knock("web-2", "web-1") is not None
