"""Game days that are killed: small scenarios, the kill, and a look at what is left.

No Prometheus and no shop: a compose project of sleeping containers, or a supervisord.
`bench/kills.py` uses it as well, with many more kills.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gameday.targets import open_target
from tests.real.processes import engines, watchdogs
from tests.real.targets.world import CLOCK, ComposeProject, supervisord, wait_for

ROOT = Path(__file__).resolve().parents[3]
WATCHDOG_TIME = 10.0  # seconds for the watchdog, on a busy machine
PATIENCE = 40.0
RUNS = ("gameday run", "chaos run")
CHAOS = ("--no-version-check", "--no-log-file")
TRANSITIONS = ("planned", "injecting", "biting", "undoing", "undone")
HOLD = {"undoing": "200ms", "undone": "200ms"}  # the rest is killed before its end

EXPERIMENT = """\
title: Something of web breaks
description: And comes back.
runtime: {{rollbacks: {{strategy: always}}}}
configuration:
  target: {{type: env, key: GAMEDAY_TARGET, default: "docker://shop"}}
steady-state-hypothesis:
  title: The machine is there
  probes:
  - type: probe
    name: fine
    tolerance: 0
    provider: {{type: process, path: "true", timeout: 5}}
method:
{method}
rollbacks:
- type: action
  name: undo
  provider: {{type: python, module: gameday.faults, func: undo}}
{rollbacks}"""
LOGIN = {"GAMEDAY_SUPERVISOR_USER": "ops", "GAMEDAY_SUPERVISOR_PASSWORD": "hush"}
ACTION = """\
- type: action
  name: {func}
  provider:
    type: python
    module: gameday.faults.{family}
    func: {func}
    arguments: {{service: web, {arguments}}}
"""
SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {{name: {name}}}
target: {{{target}}}
blast_radius: {{at_most: 3, share: {share}, foreign_actions: true}}
steps:
- {{name: s, experiment: {experiment}, hold: {hold}}}
"""


@dataclass(frozen=True)
class Fault:
    """One fault of the catalogue, as an experiment writes it."""

    kind: str
    arguments: str = "count: 1"

    @property
    def action(self) -> str:
        family, func = self.kind.split(".")
        return ACTION.format(family=family, func=func, arguments=self.arguments)


PROCESS = (
    Fault("process.kill"),
    Fault("process.stop"),
    Fault("process.pause"),
    Fault("process.restart"),
)
NETWORK = (
    Fault("network.partition"),
    Fault("network.delay", "count: 1, by: 200ms"),
)
CATALOGUE = (*PROCESS, *NETWORK)


@dataclass
class Place:
    """A folder with a home of its own, and the target of its scenarios."""

    folder: Path
    target: str  # as a scenario writes it: `docker: {project: x}`
    whole: Callable[[], str]  # what is not as it was; empty: nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    home: str = "home"
    url: str = ""  # the same target, for plain `chaos run`

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GAMEDAY_")}
        home = str(self.folder / self.home)
        return {**kept, **self.environment, "GAMEDAY_HOME": home}

    def scenario(
        self,
        *faults: Fault,
        hold: str = "30s",
        share: str = "100%",
        extra: str = "",
        rollbacks: str = "",
    ) -> Path:
        """Write a scenario and its experiment; return its path."""
        name = "-".join(fault.kind.replace(".", "-") for fault in faults) or "foreign"
        method = "".join(fault.action for fault in faults) + extra
        experiment = self.folder / f"{name}.exp.yaml"
        experiment.write_text(EXPERIMENT.format(method=method, rollbacks=rollbacks))
        path = self.folder / f"{name}.yaml"
        text = SCENARIO.format(
            name=name,
            target=self.target,
            experiment=experiment.name,
            hold=hold,
            share=share,
        )
        path.write_text(text)
        return path

    def gameday(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gameday", *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 3,
            check=False,
        )

    def start(self, scenario: Path) -> "Going":
        """Start a run."""
        out = str(self.folder / "out")
        words = ["-m", "gameday", "run", str(scenario), "--plain", "--out", out]
        return Going(self, [sys.executable, *words])

    def start_chaos(self, fault: Fault, hold: float) -> "Going":
        """Start plain `chaos run` of a fault that is held for so many seconds."""
        paused = f"{fault.action}  pauses: {{after: {hold}}}\n"
        experiment = self.folder / "plain.exp.yaml"
        experiment.write_text(EXPERIMENT.format(method=paused, rollbacks=""))
        journal = str(self.folder / "journal.json")
        words = [*CHAOS, "run", "--journal-path", journal, str(experiment)]
        program = Path(sys.executable).with_name("chaos")
        return Going(self, [str(program), *words], GAMEDAY_TARGET=self.url)

    def elsewhere(self) -> "Place":
        """Return the same with another home, which knows nothing of this one's runs."""
        return replace(self, home="elsewhere")

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the ledger holds; nothing where there is none yet."""
        path = self.folder / self.home / "ledger.db"
        if not path.exists():
            return []
        with contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        ) as db:
            try:
                return db.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                return []  # it is just being made


class Going:
    """A run that goes on."""

    def __init__(self, place: Place, words: Sequence[str], **more: str) -> None:
        self.place = place
        self.before = max(
            [n for (n,) in place.rows("SELECT id FROM faults")], default=0
        )
        self.out = place.folder / "out"
        self.log = place.folder / f"run-{self.before}.log"
        self.started = CLOCK.now()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words,
                cwd=ROOT,
                env={**place.env, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def states(self) -> list[str]:
        """Return the states that the faults of this run have had."""
        query = "SELECT state FROM transitions WHERE fault > ? ORDER BY number"
        return [str(state) for (state,) in self.place.rows(query, self.before)]

    def until(self, state: str, seconds: float = PATIENCE) -> None:
        """Wait until a fault of the run has had a state, or was undone at once."""
        end = CLOCK.monotonic() + seconds
        while not {state, "undone"} & set(self.states()):
            assert self.process.poll() is None, self.text
            assert CLOCK.monotonic() < end, f"{state}: not in time\n{self.text}"
            CLOCK.sleep(0.001)

    def until_line(self, text: str) -> None:
        """Wait until the run has printed something."""
        wait_for(lambda: text in self.text or self.process.poll() is not None, PATIENCE)
        assert text in self.text, self.text

    def kill(self, how: str = "run") -> float:
        """SIGKILL the run (both: its watchdog too; all: its engine too); say when."""
        chosen = [self.process.pid]
        if how in ("both", "all"):
            chosen += watchdogs(self.place.folder / self.place.home)
        if how == "all":
            chosen += engines(self.process.pid)
        at = CLOCK.now()
        for pid in chosen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        return at

    def end(self) -> int:
        """Wait for its own end; return the exit code."""
        return self.process.wait(PATIENCE * 2)

    def undone_after(self, at: float) -> float | None:
        """Return the seconds from a time to the last undo; None: nothing was open."""
        query = (
            "SELECT max(at) FROM transitions WHERE fault > ? AND state = 'undone'"
            " AND at > ?"
        )
        ((last,),) = self.place.rows(query, self.before, at) or [(None,)]
        return None if last is None else float(last) - at

    def settled(self) -> bool:
        """Return whether no run holds its target and no fault is open."""
        held = self.place.rows("SELECT 1 FROM runs WHERE closed IS NULL")
        broken = self.place.rows("SELECT 1 FROM faults WHERE state <> 'undone'")
        return not held and not broken


def run_after_death(
    place: Place, fault: Fault, share: str = "100%"
) -> subprocess.CompletedProcess[str]:
    """Kill a run and all of its own in its fault; return the next, of another home."""
    dead = place.start(place.scenario(fault, share=share))
    dead.until("biting")
    dead.kill("all")
    scenario = place.scenario(fault, hold="200ms", share=share)
    return place.elsewhere().gameday("run", str(scenario), "--plain")


@contextlib.contextmanager
def on_supervisord(folder: Path) -> Iterator[Place]:
    """Yield a place on a supervisord of its own; we log in to it with LOGIN, too."""
    with supervisord(folder) as url:
        target = open_target(url, CLOCK)

        def whole() -> str:
            there = target.instances()
            return ", ".join(f"{o.name} {o.state}" for o in there if not o.up)

        address = unquote(url.removeprefix("local://"))
        local = f"local: {{supervisor: '{address}'}}"
        yield Place(folder, local, whole, LOGIN, url=url)


def damage(project: ComposeProject) -> str:
    """Return what is not as it was in a project; empty: nothing."""
    wrong = []
    for name in ("web-1", "web-2", "db-1"):
        details = project.inspect(name)
        if not project.runs(name):
            wrong.append(f"{name} is {details['State']['Status']}")
        elif os.geteuid() == 0:
            wrong += [f"{name}: {line}" for line in _rules(details["State"]["Pid"])]
    if project.helpers():
        wrong.append(f"{len(project.helpers())} helpers")
    if project.marks():
        wrong.append(f"{len(project.marks())} marks")
    locks = project.api.containers(
        all=True, filters={"label": [f"gameday.lock={project.name}"]}
    )
    return ", ".join([*wrong, *("the lock" for _ in locks)])


def _rules(pid: int) -> list[str]:
    inside = ["nsenter", "-t", str(pid), "-n"]
    lines = []
    for words in (["iptables-nft-save"], ["ip6tables-nft-save"], ["tc", "qdisc"]):
        done = subprocess.run(
            [*inside, *words], capture_output=True, text=True, check=False, timeout=10
        )
        lines += [
            line
            for line in done.stdout.splitlines()
            if "gameday:" in line or " 6da7: " in line
        ]
    return lines


@dataclass(frozen=True)
class Kill:
    """One kill: which fault, when, what is killed, and who comes after it.

    `of`: which program the run belongs to. `then`: who recovers it where its watchdog
    is killed with it.
    """

    fault: Fault
    when: str | float  # a transition, or seconds after the first sign of the step
    how: str
    of: str = "gameday run"
    then: str = "gameday heal"

    def __str__(self) -> str:
        when = self.when if isinstance(self.when, str) else f"+{self.when:.3f} s"
        after = "the watchdog" if self.how == "run" else self.then
        return f"{self.of}, {self.fault.kind} {self.how} at {when}, then {after}"


def at_transitions(faults: Sequence[Fault], how: Sequence[str]) -> list[Kill]:
    """Return a kill at each transition of each fault, in each way."""
    return [
        Kill(fault, state, way)
        for fault in faults
        for way in how
        for state in TRANSITIONS
    ]


def by_caller(
    faults: Sequence[Fault], callers: Sequence[str], dice: random.Random
) -> list[Kill]:
    """Return kills of both kinds of runs, for each caller that recovers them."""
    return [
        Kill(dice.choice(faults), dice.choice(TRANSITIONS), how, of, then)
        for of in RUNS
        for how, then in [
            ("run", callers[0]),
            *((dice.choice(("both", "all")), then) for then in callers),
        ]
    ]


def at_random(
    faults: Sequence[Fault], how: Sequence[str], number: int, dice: random.Random
) -> list[Kill]:
    """Return kills at random instants of the step, from its gate to its end."""
    return [
        Kill(dice.choice(faults), dice.uniform(0.0, 2.0), dice.choice(how))
        for _ in range(number)
    ]


def _heal(place: Place, _fault: Fault) -> None:
    done = place.gameday("heal")
    assert done.returncode == 0, done.stdout + done.stderr


def _next_run(place: Place, fault: Fault) -> None:
    done = place.gameday("run", str(place.scenario(fault, hold="200ms")), "--plain")
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: nobody watched


def _next_chaos(place: Place, fault: Fault) -> None:
    going = place.start_chaos(fault, 0.2)
    assert going.end() == 0, going.text


def _by_marks(place: Place, fault: Fault) -> None:
    """Heal as from another machine, then let this one's ledger know."""
    project = place.url.removeprefix("docker://")
    done = place.elsewhere().gameday("heal", "--docker", project)
    assert done.returncode == 0, done.stdout + done.stderr
    _heal(place, fault)


# Everybody that recovers a dead run, besides its watchdog; marks are Docker's.
RECOVER: Mapping[str, Callable[[Place, Fault], None]] = {
    "gameday heal": _heal,
    "the next gameday run": _next_run,
    "the next chaos run": _next_chaos,
    "heal by marks": _by_marks,
}
CALLERS = tuple(RECOVER)


def play(place: Place, kill: Kill) -> float | None:
    """Run, kill, wait, look; return the seconds until all was undone (run killed).

    AssertionError, with what is left, where something is.
    """
    hold = HOLD.get(kill.when, "30s") if isinstance(kill.when, str) else "500ms"
    if kill.of == "chaos run":
        going = place.start_chaos(kill.fault, 0.2 if kill.when in HOLD else 30.0)
    else:
        going = place.start(place.scenario(kill.fault, hold=hold))
    if isinstance(kill.when, str):
        going.until(kill.when)
    else:
        going.until_line("[s] gate")
        CLOCK.sleep(kill.when)
    at = going.kill(kill.how)
    if kill.how == "run":
        wait_for(going.settled, WATCHDOG_TIME)
    else:
        RECOVER[kill.then](place, kill.fault)
        # An engine that lives may be at its own rollbacks beside the healer.
        wait_for(going.settled, WATCHDOG_TIME if kill.how == "both" else 0.0)
    end = CLOCK.monotonic() + WATCHDOG_TIME
    while left := place.whole():
        steps = place.rows("SELECT fault, state, at, note, by FROM transitions")
        assert CLOCK.monotonic() < end, f"{kill}: {left}\n{steps}"
        CLOCK.sleep(0.05)
    return going.undone_after(at) if kill.how == "run" else None
