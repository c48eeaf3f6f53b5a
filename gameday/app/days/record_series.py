"""What rules read is recorded with a run, so that it can be replayed later.

Nothing that goes wrong here is a run's failure: the record says what is missing.
"""

from collections.abc import Iterable

from gameday.errors import GamedayError, ObserverLost
from gameday.model.alerting.recording import Read
from gameday.model.events import Event, FaultStarted, Phase, RunStarted
from gameday.model.plan import Monitoring, Plan
from gameday.model.timeline import Timeline
from gameday.ports import Clock
from gameday.store.folder import SERIES
from gameday.store.recordings import pack
from gameday.store.run import RunStore

BEFORE = 900.0  # seconds that are recorded before the run at least
MOST_BEFORE = 7200.0  # and at most
SETTLED = 60.0  # seconds before the run in which alerts may become what they were


def has_begun(events: Iterable[Event]) -> bool:
    """Whether something was injected: a fault, or another tool's action."""
    return any(
        isinstance(event, FaultStarted)
        or (isinstance(event, Phase) and event.phase == "fault")
        for event in events
    )


def record(plan: Plan, store: RunStore, clock: Clock) -> str:
    """Record the run's time in its folder; return why it was not, or nothing."""
    endpoint = plan.scenario.observe.prometheus
    started = next(
        (event.at for event in store.events() if isinstance(event, RunStarted)), 0.0
    )
    if endpoint is None or not plan.monitoring.rules or not started:
        return ""
    from gameday.checks.record.clocks import read_clocks
    from gameday.observers.http import Client
    from gameday.observers.prometheus.recorder import RecordedSpan, Recorder

    client = Client(endpoint, clock)
    try:
        reads = tuple(everything_read(plan.monitoring))
        clocks = read_clocks(Timeline(store.events()))
        span = RecordedSpan(
            since=clocks.to_source_clock("prometheus", started)
            - span_before(plan.monitoring, reads),
            until=clocks.to_source_clock("prometheus", clock.now()),
            external=plan.monitoring.external_labels,
        )
        recording = Recorder(client, clock).record(reads, span)
        store.write_bytes(SERIES, pack(recording, store.redact))
    except ObserverLost as error:
        return f"what the rules read was not recorded: {error}"
    except (GamedayError, OSError, MemoryError) as error:
        return f"what the rules read could not be kept: {error}"
    finally:
        client.close()
    return ""


def everything_read(monitoring: Monitoring) -> Iterable[Read]:
    """Yield every selector that a rule reads, alerting or recording, each once."""
    from gameday.files.promql.promql_reads import reads

    exprs = dict.fromkeys(
        [
            *(rule.expr for rule in monitoring.rules or ()),
            *(rule.expr for rule in monitoring.recorded),
        ]
    )
    selectors = [read for expr in exprs for read in reads(expr).selectors]
    selectors += [
        Read(metric=rule.name) for rule in monitoring.recorded
    ]  # what they made
    yield from dict.fromkeys(selectors)


def span_before(monitoring: Monitoring, reads: Iterable[Read]) -> float:
    """Return how many seconds before its beginning a run's record begins."""
    held = max(
        (rule.hold + rule.keep_firing for rule in monitoring.rules or ()), default=0.0
    )
    back = max((read.back for read in reads), default=0.0)
    return min(MOST_BEFORE, max(BEFORE, back + held + 300.0 + SETTLED))
