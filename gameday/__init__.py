"""gameday: game days with a verdict.

The floor plan; data flows from left to right::

    files --> Scenario --> Plan --> (Chaos Toolkit + observers) --> Timeline --> Verdict
    edge       pure        pure               edge                    data        pure

Rooms, from the ground up (imports point down only; ``.importlinter`` holds it):

* ``frozen``, ``errors``, ``model``, ``ports``: the words, without any effect.
* ``plans``, ``checks``, ``reports``: pure decisions before, judgement after, pages.
* ``coverage``: what stored runs prove of rules, routes and receivers.
* ``regressions``: baselines, and whether later runs are worse.
* ``replays``: whether other rules and routes would have caught a recorded run.
* ``gate``: whether a change may ship.
* ``clock``: the only module that reads time.
* ``targets``: the only code that changes a system.
* ``ledger``: what is broken right now, written before it breaks; the watchdog; heal.
* ``files``, ``faults``, ``observers``, ``runner``, ``store``: the edges.
* ``app``: wires them; ``cli``: one verb per module; ``pytest_plugin``: the same for
  pytest.

For Python: `run` holds a game day, `check` validates files, `judge` judges a stored run
again, `replay` does so under other rules and routes. They import what they need when
they are called.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gameday.app.result import Result
    from gameday.files.check import CheckResult
    from gameday.model.verdict import Verdict
    from gameday.replays.judged import Replayed

__all__ = ["check", "discover", "judge", "replay", "run"]
__version__ = "0.1.0"


def run(  # noqa: PLR0913 - what `gameday run` has as options
    scenario: str,
    /,
    *,
    out: str | None = None,
    seed: int | None = None,
    env_file: str | None = None,
    target: str | None = None,
    anyway: bool = False,
    wait_for_target: str = "0s",
    **changes: Any,
) -> "Result":
    """Hold a game day and return what came of it, whatever that is.

    `changes` stand in place of what the scenario's file says: `step__hold="20s"` for
    each step, `load__rate="10/s"`. Raises `gameday.errors.GamedayError` where there was
    no run: an invalid file, a target that is not there.
    """
    from gameday.app import calls

    wanted = calls.Wanted(
        out=out,
        seed=seed,
        env_file=env_file,
        target=target,
        anyway=anyway,
        wait_for_target=wait_for_target,
    )
    return calls.run(scenario, wanted, changes)


def check(
    *paths: str,
    env_file: str | None = None,
    exclude: "Sequence[str]" = (),
    base: str | None = None,
) -> "CheckResult":
    """Validate files and folders and return every problem; see `gameday check`."""
    from gameday.app import calls

    return calls.check(paths, env_file=env_file, exclude=exclude, base=base)


def judge(run: str = "latest") -> "Verdict":
    """Judge a stored run again: its id, its folder, or `latest`."""
    from gameday.app import calls

    return calls.judge(run)


def replay(
    *runs: str,
    rules: "Sequence[str]" = (),
    alertmanager: str = "",
    prometheus: str = "",
    at: str | None = None,
) -> "tuple[Replayed, ...]":
    """Judge stored runs under other rules and routes; see `gameday replay`.

    `runs`: ids or folders; none: `latest`. `rules`, `alertmanager`: files (of rules
    one, or several), empty where the run's own hold. `prometheus`: a program, a
    server's address, or empty: the program on PATH. `at`: when the fault begins for
    time intervals, as a date.
    """
    from gameday.app import calls

    return calls.replay(
        runs or ("latest",),
        rules=rules,
        alertmanager=alertmanager,
        prometheus=prometheus,
        at=at,
    )


def discover(discover_system: bool = True) -> Any:
    """Return what `chaos discover` lists; imported late, as it is rarely asked."""
    from gameday.faults import discovery

    return discovery.discover(discover_system=discover_system)
