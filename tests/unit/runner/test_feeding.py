"""What a run writes down about whom its load feeds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.scenario import Load
from gameday.ports import Emit
from gameday.runner.drive import Drive
from tests.builders import objective
from tests.unit.runner.world import FakeObserver, World, plan

LOAD = Load(url="http://127.0.0.1:8080/", rate=50.0)
Told = Callable[[float], list[Event]]


class Telling(FakeObserver):
    """An observer that tells of two SLOs' counters, and of the load, as it starts."""

    def start(self, emit: Emit, since: float) -> None:
        super().start(emit, since)
        for slo, before, after in (("shop", 0.0, 50.0), ("search", 5.0, 5.0)):
            times = [since + 5.0 * number for number in range(-4, 3)]
            values, count = [], 0.0
            for when in times:
                count += 5.0 * (before if when <= since else after)
                values.append([when, count])
            about = {"slo": slo, "side": "total", "sign": 1.0}
            labels = {"job": slo, "instance": f"{slo}:1"}
            emit(event(since, "sample", series=labels, values=values, **about))
        for second in range(10):
            emit(
                event(
                    since + second + 1,
                    "load",
                    since=since + second,
                    until=since + second + 1,
                    sent=50,
                    failed=0,
                )
            )


def ran(load: Load | None, *slos: str) -> World:
    world = World()
    made: Plan = plan()
    scenario = replace(
        made.scenario, load=load, slos=tuple(objective(name) for name in slos)
    )
    Drive(replace(made, scenario=scenario), world.dependencies([Telling()])).run()
    return world


def test_the_gate_records_which_slos_see_the_load() -> None:
    world = ran(LOAD, "shop", "search")
    (fed,) = world.of("feeds")
    assert fed.slos == ["shop"]
    assert "shop rose by 50/s" in fed.because
    faults = [phase for phase in world.of("phase") if phase.phase == "fault"]
    assert fed.at <= faults[0].at


def test_where_none_does_it_says_what_to_write() -> None:
    world = ran(replace(LOAD, rate=900.0), "shop", "search")
    assert world.of("feeds")[0].slos == []
    notes = [note.text for note in world.of("note")]
    assert any("load: {feeds: [SLO]}" in text for text in notes)


@pytest.mark.parametrize(
    ("load", "slos"),
    [
        (None, ("shop", "search")),
        (LOAD, ()),
        (replace(LOAD, feeds=("search",)), ("shop", "search")),
        (Load(command=("k6", "run")), ("shop", "search")),
    ],
)
def test_nothing_is_found_out_where_nobody_asks(
    load: Load | None, slos: tuple[str, ...]
) -> None:
    assert ran(load, *slos).of("feeds") == []
