"""Game days on a cluster that are killed; `bench/kills.py` uses it with many more.

Where the watchdog is killed too, the healer has only the cluster: a home of its own,
empty, and the names of context and namespace.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.real.kubernetes.world import LOST, World
from tests.real.ledger.kills import PROCESS, Fault, Going, Kill, Place
from tests.real.targets.world import CLOCK, wait_for

SETTLED = 60.0  # seconds for the watchdog: pods have to be made and started again
WHOLE = 40.0
HOLD = {"undoing": "200ms", "undone": "200ms"}  # the rest is killed before its end

SHARED = (
    *PROCESS,
    Fault("network.partition"),
    # What is left of these shows in World.deaf: no answer comes within 0.9 s.
    Fault("network.delay", "count: 1, by: 1s"),
    Fault("network.loss", "count: 1, packets: 95%"),
    Fault("resource.cpu", "count: 1, load: 50%"),
)
OWN = (
    Fault("kubernetes.evict"),
    Fault("kubernetes.scale", "to: 1"),
    Fault("kubernetes.bad_image", "image: 'gameday-helper:none'"),
    Fault("kubernetes.image_pull_failure", ""),
    Fault("kubernetes.bad_readiness", ""),
    Fault("kubernetes.config_removed", "count: 1, name: settings"),
    Fault("kubernetes.isolate"),
)
NODES = (  # everybody on the cluster feels these
    Fault("kubernetes.cordon"),
    Fault("kubernetes.taint"),
)
CATALOGUE = (*SHARED, *OWN)


@contextmanager
def on_cluster(world: World, folder: Path) -> Iterator[Place]:
    """Yield a place whose target is the namespace as it is now."""
    before = world.fingerprint()
    where = f"{{context: {world.context}, namespace: {world.name}}}"
    kept = {"KUBECONFIG": os.environ.get("KUBECONFIG", "")}
    kept = {key: value for key, value in kept.items() if value}
    yield Place(folder, f"kubernetes: {where}", lambda: world.damage(before), kept)


def heal(world: World, place: Place) -> None:
    """Heal as somebody who has never seen the run: by the cluster alone."""
    clean = replace(place, home=f"clean{CLOCK.monotonic():.3f}")
    words = ["--context", world.context, "--namespace", world.name]
    healed = clean.gameday("heal", *words)
    assert healed.returncode == 0, healed.stdout + healed.stderr


def play(world: World, place: Place, kill: Kill) -> float | None:
    """Run, kill, wait, look; return the seconds until all was undone (run killed).

    AssertionError, with what is left, where something is.
    """
    going = _reached(place, kill)
    at = going.kill(kill.how)
    try:
        if kill.how == "run":
            _settles(going)
        else:
            heal(world, place)
        is_whole(place, str(kill))
    except AssertionError:  # for the next one's sake
        for _ in range(3):
            place.gameday("heal")
        raise
    if kill.how != "run":
        again = place.gameday("heal")  # whose ledger still has it open
        assert again.returncode == 0, again.stdout + again.stderr
        is_whole(place, f"{kill}, healed again")
    return going.undone_after(at) if kill.how == "run" else None


def _reached(place: Place, kill: Kill) -> Going:
    """Start a run and wait until it is where it is to be killed."""
    hold = HOLD.get(kill.when, "60s") if isinstance(kill.when, str) else "1s"
    going = place.start(place.scenario(kill.fault, hold=hold))
    if not isinstance(kill.when, str):
        going.until_line("[s] gate")
        CLOCK.sleep(kill.when)
        return going
    try:
        going.until(kill.when)
    except AssertionError as wrong:
        if LOST not in str(wrong):
            raise
        going.end()
        return _reached(place, kill)
    return going


def _settles(going: Going) -> None:
    try:
        wait_for(going.settled, SETTLED)
    except AssertionError:
        steps = going.place.rows("SELECT fault, state, at, note, by FROM transitions")
        raise AssertionError(f"the watchdog is not done: {steps[-8:]}") from None


def is_whole(place: Place, after: str) -> None:
    """Wait until nothing is other than it was."""
    end = CLOCK.monotonic() + WHOLE
    while left := place.whole():
        assert CLOCK.monotonic() < end, f"{after}: {left}"
        CLOCK.sleep(0.2)
