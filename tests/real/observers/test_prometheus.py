"""The Prometheus observer against real servers of both generations."""

import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from gameday.model.slos.counting import count
from gameday.model.slos.slo import Series
from tests.real.observers.lab import RULES, SLO, Lab, Run, running, wait_for

pytestmark = pytest.mark.alerting


def close(seen: dict[str, set[float]], wanted: dict[str, set[float]]) -> None:
    """Assert that both name the same moments, to the millisecond."""
    assert seen.keys() == wanted.keys()
    for name, times in wanted.items():
        assert sorted(seen[name]) == pytest.approx(sorted(times), abs=0.0011)


def outage(run: Run, seconds: float, firing: int = 0) -> None:
    """Take the flag down for a while, and wait until all of it is over.

    `firing`: how many alerts have to fire before it is up again, however long that is.
    """
    query = run.prometheus.api.query
    run.lab.shop.values["flag"] = 0.0
    time.sleep(seconds)
    wait_for(lambda: query("ALERTS"))
    wait_for(lambda: len(query('ALERTS{alertstate="firing"}')) >= firing)
    run.lab.shop.values["flag"] = 1.0
    wait_for(lambda: not query("ALERTS"))


def test_episodes_are_exact_to_the_millisecond(common_run: Run) -> None:
    common_run.start()
    told_as_resolved = partial(common_run.lab.sink.alerts, "resolved")
    outage(common_run, 4.5 + random.random(), firing=2)  # noqa: S311 - any phase
    # Alertmanager tells nobody of an end that is over before its group is due again.
    wait_for(lambda: len(told_as_resolved()) >= 2)
    outage(common_run, 4.5 + random.random(), firing=2)  # noqa: S311 - any phase
    wait_for(lambda: len(told_as_resolved()) >= 4)
    common_run.flush()
    close(common_run.times("alert_firing"), common_run.pages("firing", "startsAt"))
    close(common_run.times("alert_resolved"), common_run.pages("resolved", "endsAt"))
    assert all(event.exact for event in common_run.of("alert_resolved"))
    assert len(common_run.of("alert_firing")) == 4
    assert not common_run.of("rule_failed")
    assert not common_run.of("blind")


def test_an_episode_that_began_before_is_reported_with_its_own_time(run: Run) -> None:
    wait_for(lambda: run.prometheus.api.query("flag"))
    run.lab.shop.values["flag"] = 0.0
    wait_for(lambda: len(run.lab.sink.alerts("firing")) >= 2)
    run.start()
    firing = run.wait("alert_firing", alert="DownForTwo")
    assert firing.at < run.started
    run.flush()
    close(run.times("alert_firing"), run.pages("firing", "startsAt"))
    assert len(run.prometheus.firing()) == 2


def test_an_alert_that_never_fires_is_cleared_and_not_resolved(run: Run) -> None:
    run.start()
    outage(run, 0.0)
    run.flush()
    assert run.of("alert_pending", alert="DownForTwo")
    assert run.of("alert_cleared", alert="DownForTwo")
    assert not run.of("alert_firing", alert="DownForTwo")
    assert not run.of("alert_resolved", alert="DownForTwo")


def test_counters_born_in_between_are_counted_exactly(run: Run) -> None:
    run.start()
    begun = run.clock.now()
    run.lab.shop.values['requests_total{code="500"}'] = 7.0
    time.sleep(2.5)
    run.lab.shop.values['requests_total{code="500"}'] = 40.0
    run.lab.shop.values['requests_total{code="200"}'] = 160.0
    time.sleep(1.5)
    end = run.clock.now()
    run.flush()
    bad, total = samples(run, "bad"), samples(run, "total")
    assert count(bad, begun, end, witnesses=total).value == 40.0
    assert count(total, begun, end).value == 100.0
    assert min(at for series in total for at, _ in series.samples) <= begun
    assert max(at for series in total for at, _ in series.samples) >= end
    for series in total:
        times = [at for at, _ in series.samples]
        assert times == sorted(set(times))


def samples(run: Run, side: str) -> list[Series]:
    by_series: dict[str, list[tuple[float, float]]] = {}
    labels = {}
    for event in run.of("sample", side=side):
        key = str(sorted(event.series.items()))
        labels[key] = event.series
        by_series.setdefault(key, []).extend((at, value) for at, value in event.values)
    return [
        Series(labels=labels[key], samples=tuple(by_series[key])) for key in by_series
    ]


def test_a_target_that_fails_is_down_at_its_scrape(common_run: Run) -> None:
    common_run.start()
    common_run.wait("scrape", up=True)
    before = common_run.clock.now()
    common_run.lab.shop.broken = True
    down = common_run.wait("scrape", up=False, state="down")
    assert before <= down.at <= before + 1.1
    common_run.lab.shop.broken = False
    wait_for(lambda: len(common_run.of("scrape", up=True)) == 2)


def test_a_target_that_is_taken_away_is_gone(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    config = run.lab.folder / "prometheus.yaml"
    config.write_text(config.read_text().replace(str(run.lab.shop.port), "1"))
    run.lab.prometheus.reload()
    gone = run.wait("scrape", state="gone")
    assert gone.instance == f"127.0.0.1:{run.lab.shop.port}"


def test_a_rule_that_fails_to_evaluate_is_reported(run: Run) -> None:
    run.start()
    run.lab.shop.values |= {
        'left{a="1",b="1"}': 1.0,
        'left{a="1",b="2"}': 1.0,
        'right{a="1",b="1"}': 1.0,
        'right{a="1",b="2"}': 1.0,
    }
    failed = run.wait("rule_failed", alert="Matched")
    assert failed.group == "fragile"
    assert "many-to-many" in failed.because
    wait_for(
        lambda: [event for event in run.of("rule_failed") if "since" in event.fields]
    )
    run.flush()
    last = run.of("rule_failed")[-1]
    assert last.since == failed.at
    assert last.at >= failed.at + 1.0
    assert {event.alert for event in run.of("rule_failed")} == {"Matched"}


def test_a_rule_that_changes_during_the_run_is_reported(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    wait_for(lambda: run.prometheus.now)
    rules = run.lab.folder / "rules.yaml"
    rules.write_text(RULES.replace("for: 2s", "for: 3s"))
    run.lab.prometheus.reload()
    failed = run.wait("rule_failed", alert="DownForTwo")
    assert failed.because == "changed during the run"
    assert not run.of("rule_failed", alert="Down")


def test_a_prometheus_that_hangs_makes_blind_and_misses_evaluations(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    run.lab.prometheus.signal(signal.SIGSTOP)
    blind = run.wait("blind", source="prometheus")
    assert blind.at <= run.clock.now() - 5.0
    begun = time.monotonic()
    run.lab.prometheus.signal(signal.SIGCONT)
    run.wait("sees", source="prometheus")
    run.wait("rule_failed", group="shop", alert="")
    assert time.monotonic() - begun < 10.0


def test_a_restart_of_prometheus_fails_every_group(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    run.lab.prometheus.stop()
    ended = run.clock.now()
    run.wait("blind", source="prometheus")
    begun = run.clock.now()
    run.lab.prometheus.start()
    run.wait("sees", source="prometheus")
    for group in ("shop", "fragile"):
        failed = run.wait("rule_failed", group=group, alert="")
        assert "restarted" in failed.because
        assert failed.since <= ended < begun <= failed.at


def test_an_alert_that_fires_across_a_restart_is_one_episode(run: Run) -> None:
    """A rule with a `for` is first listed as pending again, and writes no samples."""
    run.start()
    run.lab.shop.values["flag"] = 0.0
    run.wait("alert_firing", alert="DownForTwo")
    run.lab.prometheus.stop()
    run.wait("blind")
    restarted = run.clock.now()
    run.lab.prometheus.start()
    wait_for(lambda: newest_sample(run, "DownForTwo") > restarted, 40)
    run.lab.shop.values["flag"] = 1.0
    ended = run.wait("alert_resolved", alert="DownForTwo", seconds=40)
    wait_for(lambda: len(run.lab.sink.alerts("resolved")) >= 2, 40)
    run.flush()
    assert ended.exact
    close(run.times("alert_firing"), run.pages("firing", "startsAt"))
    close(run.times("alert_resolved"), run.pages("resolved", "endsAt"))


def newest_sample(run: Run, alert: str) -> float:
    """Return when an alert was last written as firing; 0: not in the last minute."""
    selector = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    answer = run.prometheus.api.raw(selector, 60.0)
    return max((at for series in answer for at, _ in series.samples), default=0.0)


def test_an_end_that_a_restart_hides_is_not_exact(
    programs: dict[str, str], tmp_path: Path
) -> None:
    """The restarted Prometheus finds no sample to fire on: nothing marks the end."""
    with running(Lab(programs, tmp_path, RULES, lookback="3s")) as lab:
        run = Run(lab)
        try:
            run.start()
            lab.shop.values["flag"] = 0.0
            firing = run.wait("alert_firing", alert="DownForTwo")
            lab.shop.values["flag"] = 1.0
            lab.prometheus.stop()
            stopped = run.clock.now()
            wait_for(lambda: run.clock.now() > stopped + 4.0)
            lab.prometheus.start()
            ended = run.wait("alert_resolved", alert="DownForTwo", seconds=40)
            assert firing.at < ended.at < stopped + 1.1
            assert not ended.exact
            assert ended.at + ended.error > stopped + 4.0  # when it was evaluated
            assert len(run.of("alert_firing", alert="DownForTwo")) == 1
        finally:
            run.stop()


@pytest.mark.quiet
def test_stop_ends_within_half_a_second_while_a_request_hangs(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    run.lab.prometheus.signal(signal.SIGSTOP)
    time.sleep(1.5)
    begun = time.monotonic()
    run.prometheus.stop()
    assert time.monotonic() - begun < 0.5
    seen = len(run.events)
    run.lab.prometheus.signal(signal.SIGCONT)
    run.alertmanager.stop()
    time.sleep(0.5)
    assert len(run.events) == seen


def test_the_end_of_a_step_is_covered(common_run: Run) -> None:
    common_run.start()
    common_run.wait("scrape", up=True)
    now = common_run.clock.now()
    common_run.prometheus.flush(now)
    (observed,) = common_run.of("observed", source="prometheus")
    assert observed.since == pytest.approx(common_run.started, abs=0.001)
    assert observed.until == pytest.approx(now, abs=0.001)
    for event in common_run.of("evaluations"):
        assert event.last + event.interval >= now
    assert {event.group for event in common_run.of("evaluations")} == {
        "shop",
        "fragile",
    }
    clocks = common_run.of("clock", source="prometheus")
    assert clocks
    assert all(abs(clock.offset) < 0.05 for clock in clocks)


def test_a_window_that_samples_do_not_reach_back_to_is_not_complete(run: Run) -> None:
    run.start()
    time.sleep(2)
    run.lab.shop.values['requests_total{code="200"}'] = 150.0
    wait_for(lambda: run.prometheus.api.query("requests_total == 150"))
    window = run.prometheus.window(SLO, run.clock.now())
    assert not window.complete
    assert window.total == 50.0
    assert window.since > run.started - 30.0


@pytest.mark.parametrize("offset", ["4s", "1500ms"])
def test_times_are_exact_under_a_query_offset(
    programs: dict[str, str], tmp_path: Path, offset: str
) -> None:
    rules = RULES.replace("name: shop", f"name: shop\n    query_offset: {offset}")
    with running(Lab(programs, tmp_path, RULES)) as lab:
        run = Run(lab)
        try:
            wait_for(lambda: run.prometheus.api.query("flag"))
            if run.prometheus.api.version().startswith("2.4"):
                pytest.skip("version: this Prometheus knows no query_offset")
            (tmp_path / "rules.yaml").write_text(rules)
            lab.prometheus.reload()
            run.start()
            outage(run, 8.5, firing=2)
            wait_for(lambda: len(lab.sink.alerts("resolved")) >= 2)
            run.flush()
            close(run.times("alert_firing"), run.pages("firing", "startsAt"))
            close(run.times("alert_resolved"), run.pages("resolved", "endsAt"))
        finally:
            run.stop()
