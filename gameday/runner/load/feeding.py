"""Whom the load feeds: found out at the first gate, and written down."""

from gameday.checks.record.clocks import read_clocks
from gameday.model.events import Feeds, Probe
from gameday.model.plan import Plan
from gameday.model.scenario import Step
from gameday.model.timeline import Timeline
from gameday.runner.event_loop import EventLoop


def note_whom_the_load_feeds(loop: EventLoop, plan: Plan, step: Step) -> None:
    """Record which SLOs see the load, where the scenario does not say so."""
    scenario, now = plan.scenario, loop.now
    load = scenario.load
    if load is None or not load.url or load.feeds or not scenario.slos:
        return
    from gameday.checks.slos.feeding import find_fed
    from gameday.checks.slos.load import http_probes

    ours = http_probes(step.experiment)
    seen = Timeline(
        event
        for event in loop.run_state.warm_up
        if not isinstance(event, Probe) or event.name in ours
    )
    offset = read_clocks(seen).to_source_clock("prometheus", now) - now
    fed = find_fed(scenario.slos, load, seen, offset)
    loop.put(Feeds(at=now, slos=list(fed.slos), because=fed.because))
    if not fed.slos:
        loop.note(
            f"no SLO is known to count the load's requests ({fed.because}); "
            "name those that do: load: {feeds: [SLO]}"
        )
