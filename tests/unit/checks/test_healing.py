"""Healing: instances come back by themselves, and for good."""

import pytest

from gameday.model.events import Event, event
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    answer,
    at,
    blind,
    fault,
    hypothesis,
    judged,
    measured,
    plan,
    step,
    stop,
    timeline,
)

KILL = plan(step(faults=(stop(kind="process.kill"),), heals_within=20.0))


WEB_2 = {"service": "web", "instance": "web-2", "state": "stopped", "health": ""}


def seen(when: float, up: bool, instance: str = "web-2") -> list[Event]:
    state = "running" if up else "stopped"
    about = {"service": "web", "instance": instance, "state": state, "health": ""}
    return [event(when, "instance", up=up, error=0.1, **about)]


def killed(ends: float | None = at(14), by: str = "self") -> list[Event]:
    return fault(kind="process.kill", ends=ends, by=by)


def heals(*parts: list[Event]) -> Finding:
    return answer(judged(KILL, timeline(*parts)), "heals_within")


def test_an_instance_that_comes_back_by_itself() -> None:
    finding = heals(killed(), seen(at(11), False), seen(at(13.5), True))
    assert (finding.outcome, finding.measured, finding.error) == (
        Outcome.PASS,
        3.5,
        0.1,
    )
    assert finding.subject == "web"


def test_one_that_is_back_within_the_error_of_its_stamp_is_back_at_once() -> None:
    early = seen(at(9.95), True)
    finding = heals(killed(ends=at(25), by="rollback"), early)
    assert (finding.outcome, finding.measured, finding.error) == (
        Outcome.PASS,
        0.0,
        0.1,
    )
    long_before = seen(at(9.85), True)
    finding = heals(killed(ends=at(25), by="rollback"), long_before)
    assert finding.outcome is not Outcome.PASS


def test_a_stamp_goes_through_the_targets_measured_clock() -> None:
    """An engine 40 s ahead says that the instance was back at 53.5 s."""
    clocks = [measured("target", at(1), 40.0), measured("target", at(150), 40.0)]
    parts = (killed(ends=at(55), by="rollback"), seen(at(51), False))
    finding = heals(*parts, seen(at(53.5), True), clocks)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 3.5)
    stepped = [measured("target", at(1), 40.0), measured("target", at(150), 0.0)]
    finding = heals(*parts, seen(at(53.5), True), stepped)
    assert finding.outcome is not Outcome.FAIL


def test_a_stamp_that_was_read_on_our_clock_is_left_alone() -> None:
    clocks = [measured("target", at(1), 40.0)]
    read = [
        event(entry.at, "instance", **{**entry.fields, "stamp": entry.at + 40.0})
        for entry in seen(at(13.5), True)
    ]
    finding = heals(killed(ends=at(55), by="rollback"), read, clocks)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 3.5)


def test_an_instance_that_was_back_before_anybody_looked() -> None:
    assert heals(killed()).measured == 4.0


def test_an_instance_that_takes_too_long() -> None:
    finding = heals(killed(ends=at(41)), seen(at(11), False), seen(at(41), True))
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 31.0)


def test_an_instance_that_had_to_be_undone() -> None:
    finding = heals(
        killed(ends=at(55), by="rollback"), seen(at(11), False), seen(at(56), True)
    )
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, None)


def test_an_undo_before_its_time_was_over_leaves_it_open() -> None:
    finding = heals(killed(ends=at(25), by="rollback"), seen(at(26), True))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "was undone 5s before its time was over" in finding.because


def test_an_instance_that_healed_before_it_was_undone() -> None:
    finding = heals(killed(ends=at(55), by="rollback"), seen(at(20), True))
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 10.0)


def test_an_instance_that_never_comes_back() -> None:
    assert heals(killed(ends=None)).outcome is Outcome.FAIL


def test_an_instance_that_nobody_could_see() -> None:
    finding = heals(killed(ends=None), blind("target", at(12)))
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_the_slowest_victim_counts() -> None:
    other = fault("web-3", kind="process.kill", by="self", ends=at(19))
    assert heals(killed(), other).measured == 9.0
    broken = fault("web-3", kind="process.kill", ends=None)
    assert heals(killed(), broken).outcome is Outcome.FAIL


def test_another_instance_heals_nobody() -> None:
    assert heals(killed(ends=None), seen(at(12), True, "web-1")).outcome is (
        Outcome.FAIL
    )


def test_a_service_that_was_not_hit_cannot_heal() -> None:
    planned = plan(step(faults=(stop("web"), stop("db")), heals_within=20.0))
    verdict = judged(planned, timeline(fault("web-2", by="self", ends=at(12))))
    assert answer(verdict, "heals_within", "db").outcome is Outcome.INCONCLUSIVE


# --- by our own hand, and for good ---


def rail_breached(when: float) -> list[Event]:
    return [event(at(when), "guardrail", name="budget", state="breached", because="x")]


@pytest.mark.parametrize("back", [15.2, 15.9])
def test_what_our_own_hand_brought_back_has_not_healed(back: float) -> None:
    told = [killed(ends=at(16), by="heal"), seen(at(11), False), seen(at(back), True)]
    finding = heals(*told, rail_breached(15))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "nobody knows whether it would have healed" in finding.because
    assert heals(*told).outcome is Outcome.INCONCLUSIVE  # its beginning is not known


def test_a_crash_loop_has_not_healed() -> None:
    looped = [
        *seen(at(11), False),
        *seen(at(13), True),
        *seen(at(15), False),
    ]
    assert heals(killed(ends=at(13)), looped).outcome is Outcome.FAIL
    finding = heals(killed(ends=at(13)), [*looped, *seen(at(22), True)])
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 12.0)


def test_a_crash_loop_that_is_up_when_its_time_is_over_has_not_healed() -> None:
    """On a real shop it was up for the last 0.4 ms of its six seconds."""
    looped = [
        *(seen(at(11), False) + seen(at(13), True) + seen(at(15), False)),
        *(seen(at(29), True) + seen(at(31), False)),
    ]
    assert heals(killed(ends=at(13)), looped).outcome is Outcome.FAIL
    finding = heals(killed(ends=at(13)), [*looped, *seen(at(33), True)])
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 23.0)


def test_a_crash_loop_whose_first_crash_came_after_its_time_has_not_healed() -> None:
    looped = [
        *(seen(at(11), False) + seen(at(13), True) + seen(at(31), False)),
        *(seen(at(33), True) + seen(at(35), False)),
    ]
    assert heals(killed(ends=at(13)), looped).outcome is Outcome.FAIL


def test_a_crash_that_a_late_look_shows_may_have_been_within_its_time() -> None:
    late = event(at(31), "instance", up=False, error=5.0, **WEB_2)
    told = [*seen(at(11), False), *seen(at(13), True), late]
    finding = heals(killed(ends=at(13)), told)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "up to 5s late" in finding.because


def test_what_goes_down_after_its_time_had_healed() -> None:
    told = [*seen(at(11), False), *seen(at(13), True), *seen(at(40), False)]
    assert heals(killed(ends=at(13)), told).outcome is Outcome.PASS


def test_the_fault_of_a_crash_loop_ends_when_the_instance_is_up_for_good() -> None:
    looped = [*seen(at(15), False), *seen(at(30), True)]
    planned = plan(step(faults=(stop(kind="process.kill"),), recovers_within=60.0))
    bad = hypothesis(at(29.5), "after", False)
    story = timeline(killed(ends=at(13)), looped, bad)
    assert answer(judged(planned, story), "recovers_within").outcome is Outcome.PASS
    never = timeline(killed(ends=at(13)), seen(at(15), False))
    finding = answer(judged(planned, never), "recovers_within")
    assert "not seen to end" in finding.because
