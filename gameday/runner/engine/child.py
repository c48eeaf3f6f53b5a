"""What happens inside a forked process: one experiment, or its hypothesis.

The only caller of Chaos Toolkit's runner. Everything goes to the parent as
messages on a pipe: (name, fields). The engine's own verdict (status, exit code,
`deviated`) is passed on and never trusted: it calls a failed gate, a failed action
and a failed rollback a success.
"""

import atexit
import copy
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from chaoslib.caching import cache_activities
from chaoslib.experiment import run_experiment
from chaoslib.log import override_logzero_module
from chaoslib.run import RunEventHandler
from chaoslib.types import Strategy

from gameday.clock import SystemClock
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.runner.engine.hypothesis import answers_yes, configured, deviation, look
from gameday.runner.engine.jobs import Job
from gameday.runner.engine.outcomes import failure, function, interruption, last_reason

SETTINGS = {"runtime": {"rollbacks": {"strategy": "always"}}}
_SIGNALS_SEEN = 0.5  # seconds after which a signal is seen at the latest
_LONGEST = 2000  # characters of an activity's output that are worth a message

# The server that forks has nothing to tidy up. Who reads gameday's output through a
# pipe waits for its end too: taking down what it has imported would cost 40 ms.
if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    atexit.register(os._exit, 0)


class Pipe(Protocol):
    """Where messages go."""

    def send(self, message: tuple[str, Mapping[str, Any]], /) -> None:
        """Send one."""


def conduct(pipe: Connection, job: Job) -> None:
    """Run the experiment; hold after its method until the parent says so."""
    _settle_in(job, pipe)
    if job.rollbacks:
        Ledger(ledger_path(), SystemClock()).take_over(job.rollbacks)
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    if job.ahead is not None:
        threading.Thread(target=job.ahead, daemon=True).start()
    document = copy.deepcopy(dict(job.document))
    relay = Relay(pipe, hold=job.hold, given=job.configuration)
    try:
        journal = run_experiment(
            document,
            settings=copy.deepcopy(SETTINGS),
            experiment_vars=_given(job),
            strategy=Strategy.BEFORE_METHOD,
            event_handlers=[relay],
        )
        relay.send("journal", text=as_json(journal))
    except Exception as error:  # noqa: BLE001 - the engine lets anything escape
        relay.send("escaped", because=f"{type(error).__name__}: {error}")
        if relay.journal is not None:
            _replay(document, relay, _given(job))
    relay.send("finished")


def _given(job: Job) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that the engine takes instead of asking probes again."""
    return dict(job.configuration), {}


def _stop_with_parent() -> None:
    """Inject nothing more when the run has died; the rollbacks are still played."""
    run = parent_process()
    if run is not None:
        wait([run.sentinel])
        os.kill(os.getpid(), signal.SIGUSR1)  # Chaos Toolkit then ends the experiment


def replay(pipe: Connection, job: Job) -> None:
    """Play an experiment's rollbacks alone (its engine died before them)."""
    _settle_in(job, pipe)
    relay = Relay(pipe, hold=False)
    _replay(copy.deepcopy(dict(job.document)), relay, _given(job))
    relay.send("finished")


def play_alone(pipe: Pipe, document: Mapping[str, Any]) -> None:
    """Play rollbacks in this very process, which nobody started as a fork."""
    _ignore_output(pipe)
    _replay(dict(document), Relay(pipe, hold=False), ({}, {}))


def _replay(
    document: dict[str, Any],
    relay: "Relay",
    given: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    only_rollbacks = {**document, "method": []}
    only_rollbacks.pop("steady-state-hypothesis", None)
    try:
        run_experiment(
            only_rollbacks,
            settings=copy.deepcopy(SETTINGS),
            experiment_vars=given,
            strategy=Strategy.SKIP,
            event_handlers=[relay.without_hold()],
        )
    except Exception as error:  # noqa: BLE001 - reported; the ledger still heals
        relay.send("escaped", because=f"rollbacks: {type(error).__name__}: {error}")


def probe(pipe: Connection, job: Job, every: float) -> None:
    """Look at the hypothesis again and again until the parent hangs up."""
    _settle_in(job, pipe)
    document = copy.deepcopy(dict(job.document))
    clock = SystemClock()
    try:
        configuration, secrets = configured(document)
        _tell_configuration(pipe, document, configuration)
        cache_activities(document)
    except Exception as error:  # noqa: BLE001 - a hypothesis that cannot be read
        _send(pipe, "hypothesis", at=clock.now(), ok=None, because=str(error))
        return
    while True:
        began = clock.now()
        ok: bool | None = True
        whys = []
        for seen in look(document, configuration, secrets):
            _send(pipe, "probe", **seen)
            ok = min((ok, seen["ok"]), key=(False, None, True).index)
            if not seen["ok"]:
                whys.append(deviation(seen))
        took = clock.now() - began
        coverage = {"took": round(took, 4), "every": every}
        because = "; ".join(whys)
        _send(pipe, "hypothesis", at=began, ok=ok, because=because, **coverage)
        # A probe that is slow must not become a load: rest as long as it took.
        if pipe.poll(max(every - took, min(took, every))):
            return


def _tell_configuration(
    pipe: Pipe, document: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Tell what probes of the configuration answered: the engine is given the same.

    What is no plain data cannot be passed on, and is asked again there.
    """
    declared = document.get("configuration", {})
    asked = [name for name, value in declared.items() if _asks(value)]
    values_asked = {name: values[name] for name in asked if name in values}
    plain = {name: value for name, value in values_asked.items() if _is_plain(value)}
    if plain:
        _send(pipe, "configuration", values=plain)


def _asks(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "probe"


def _is_plain(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


class Relay(RunEventHandler):  # type: ignore[misc]
    """Tells the parent what the engine does, and holds where it is told to."""

    def __init__(
        self, pipe: Pipe, *, hold: bool, given: Mapping[str, Any] | None = None
    ) -> None:
        self.pipe = pipe
        self.hold = hold
        self.given = given or {}  # values of the configuration that are known already
        self.experiment: Mapping[str, Any] = {}
        self.journal: Mapping[str, Any] | None = None
        self.phase = "gate"

    def without_hold(self) -> "Relay":
        """Return a relay on the same pipe that does not wait."""
        return Relay(self.pipe, hold=False)

    def send(self, message: str, **fields: Any) -> None:
        """Send one message; a parent that is gone is no reason to stop undoing."""
        _send(self.pipe, message, **fields)

    def started(self, experiment: Any, journal: Any) -> None:
        """Keep the live journal."""
        self.experiment = experiment
        self.journal = journal
        self.send("started")

    def start_method(self, experiment: Any) -> None:
        """The gate has passed."""
        self.phase = "method"
        self.send("method")

    def activity_completed(self, activity: Any, run: Any) -> None:
        """Pass on how an activity of the method or a rollback went.

        Of a probe of the method also whether its answer is within its tolerance, which
        the engine itself asks of the hypothesis alone.
        """
        shows = {}
        if self.phase == "method" and activity.get("type") == "probe":
            shows["ok"] = answers_yes(activity, run, self.experiment, self.given)
        self.send(
            "activity",
            phase=self.phase,
            name=str(activity.get("name", "")),
            type=str(activity.get("type", "")),
            function=function(activity),
            status=run.get("status"),
            because=last_reason(run.get("exception")),
            output=as_json(run.get("output"))[:_LONGEST],
            **shows,
        )

    def method_completed(self, experiment: Any, state: Any) -> None:
        """Hold: nothing more happens until the parent says so, or is gone.

        Without a state the method was cut short, and there is nothing to hold: the
        engine goes on to its rollbacks, and ends.
        """
        if state is None:
            return
        self.send("method_completed")
        if self.hold and isinstance(self.pipe, Connection):
            try:
                # Not one long wait: a signal that came just before it would be seen
                # only after it.
                while not self.pipe.poll(_SIGNALS_SEEN):
                    pass
                self.pipe.recv()
            except (EOFError, OSError):
                return

    def start_rollbacks(self, experiment: Any) -> None:
        """From here on no signal may cut the rollbacks short."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(name, signal.SIG_IGN)
        self.phase = "rollback"
        self.send("rollbacks")

    def rollbacks_completed(self, experiment: Any, journal: Any) -> None:
        """Say which rollbacks did not work; the engine itself does not mind."""
        failed = [why for run in journal["rollbacks"] if (why := failure(run))]
        self.send("rolled_back", failed=failed)

    def finish(self, journal: Any) -> None:
        """Pass on the engine's own view."""
        self.send(
            "engine",
            status=journal.get("status"),
            deviated=bool(journal.get("deviated")),
            because=interruption(journal),
        )


class _Forward(logging.Handler):
    """Passes the engine's errors on; nothing of it goes to a file."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(level=logging.ERROR)
        self.pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        _send(self.pipe, "log", level=record.levelname, text=record.getMessage()[:500])


def _settle_in(job: Job, pipe: Connection) -> None:
    """Own session, own environment, silent, as `chaos run` would find modules."""
    os.setsid()
    os.environ.update(job.environment)
    _ignore_output(pipe)


def _ignore_output(pipe: Pipe) -> None:
    if os.getcwd() not in sys.path:  # noqa: PTH109 - the process's own folder
        sys.path.append(os.getcwd())  # noqa: PTH109
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    override_logzero_module()
    logger = logging.getLogger("chaostoolkit")
    logger.handlers = [_Forward(pipe)]
    logger.setLevel(logging.ERROR)
    logger.propagate = False


def as_json(value: Any) -> str:
    """Return JSON of whatever an activity handed back; never raises for its type."""
    return json.dumps(value, default=_as_json_data, skipkeys=True, ensure_ascii=False)


def _as_json_data(value: Any) -> Any:
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _send(pipe: Pipe, message: str, **fields: Any) -> None:
    try:
        pipe.send((message, fields))
    except (BrokenPipeError, OSError):
        return
