"""`gameday replay` without a Prometheus; record_series a run never makes it fail."""

import json
from pathlib import Path

import pytest

import gameday
from gameday.app.days import record_series
from gameday.cli.main import main
from gameday.clock import SystemClock
from gameday.errors import UsageError
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.events import event
from gameday.model.plan import Monitoring
from gameday.model.scenario import Endpoint
from gameday.model.verdict import Outcome
from gameday.store.history import History, NewRun
from gameday.store.run import RunStore
from tests.builders import everything, plan, rule, step
from tests.unit.app.test_coverage import stored

pytestmark = pytest.mark.usefixtures("own_folder")

RUN = "artifacts/run"


def program(name: str = "prometheus") -> str:
    """Return the path of a program that is never started."""
    path = Path(name).absolute()
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return str(path)


def replay(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["replay", *words])
    return int(str(left.value.code))


def test_an_old_run_is_inconclusive_with_a_finding_for_each_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stored(RUN)
    assert replay(RUN, "--prometheus", program(), "-o", "json") == 3
    (document,) = json.loads(capsys.readouterr().out)
    asked = [finding for finding in document["findings"] if finding["replayed"]]
    assert {finding["question"] for finding in asked} >= {"fires_within", "reaches"}
    assert {finding["outcome"] for finding in asked} == {"inconclusive"}
    assert {finding["replayed"] for finding in document["findings"]} == {True, False}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([RUN], "there is no `prometheus` here"),
        ([RUN, "--prometheus", "nowhere"], "'nowhere' is no program"),
        (["nowhere", "--prometheus", "PROGRAM"], "'nowhere' is no run"),
        ([RUN, "--rules", "x.yaml", "--prometheus", "PROGRAM"], "x.yaml: there is no"),
        ([RUN, "--at", "soon", "--prometheus", "PROGRAM"], "'soon' is not a date"),
        ([RUN, "--alertmanager", "y", "--prometheus", "PROGRAM"], "y: there is no"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_message(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored(RUN)
    path = program("other")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert replay(*[path if word == "PROGRAM" else word for word in words]) == 2
    assert said in capsys.readouterr().err


def kept(folder: Path, url: str) -> tuple[RunStore, str]:
    """Record a run whose Prometheus is at an address; return its store, and why not."""
    asks = plan(
        step(),
        rules=(rule("Down"),),
        observe=everything(prometheus=Endpoint(url=url)),
    )
    new = NewRun(
        run="r1",
        scenario="x",
        target="docker://shop",
        folder=str(folder),
        started=0.0,
        pid=1,
        host="here",
        plan="{}",
    )
    store = RunStore(History(str(folder.parent)), new)
    store.append(event(1.0, "run_started", run="r1", scenario="x"))
    return store, record_series.record(asks, store, SystemClock())


def test_a_prometheus_that_does_not_answer_is_no_failure(tmp_path: Path) -> None:
    store, why = kept(tmp_path / "run", "http://127.0.0.1:9")
    assert "was not recorded: http://127.0.0.1:9 does not answer" in why
    assert not (tmp_path / "run" / "series.ndjson.gz").exists()
    store.close()


def test_what_another_tool_broke_is_recorded_as_well() -> None:
    gate = event(1.0, "phase", phase="gate", step="")
    assert not record_series.has_begun([gate])
    assert record_series.has_begun([gate, event(2.0, "phase", phase="fault", step="a")])
    own = event(2.0, "fault_started", id="f", step="a")
    assert record_series.has_begun([gate, own])


def test_how_far_back_a_record_goes_follows_from_the_rules() -> None:
    slow = AlertRule(name="Burn", expr="rate(x[30m]) > 1", hold=600.0)
    month = AlertRule(name="Month", expr="rate(x[30d]) > 1")
    for rules, least, most in (
        ((rule("Down"),), 900.0, 900.0),
        ((slow,), 2700.0, 3000.0),
        ((month,), 7200.0, 7200.0),
    ):
        monitoring = Monitoring(rules=rules)
        reads = list(record_series.everything_read(monitoring))
        assert least <= record_series.span_before(monitoring, reads) <= most


def test_what_recording_rules_read_and_made_is_recorded() -> None:
    monitoring = Monitoring(
        rules=(AlertRule(name="A", expr="job:up == 0"),),
        recorded=(RecordingRule(name="job:up", expr="sum(up)"),),
    )
    read = {series.metric for series in record_series.everything_read(monitoring)}
    assert read == {"job:up", "up"}


def test_a_missing_run_is_told_before_a_missing_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("GAMEDAY_PROMETHEUS", raising=False)
    assert replay("nothing") == 2
    said = capsys.readouterr().err
    assert "nothing" in said
    assert "prometheus" not in said.lower()


def test_python_replays_as_the_command_line_does() -> None:
    """Also the second time: a room of that name would stand in its way."""
    place = stored()
    for _ in range(2):
        (replayed,) = gameday.replay(str(place), prometheus=program())
        assert replayed.outcome is Outcome.INCONCLUSIVE
        assert replayed.recorded.scenario
    with pytest.raises(UsageError, match="at: 'soon' is not a date"):
        gameday.replay(str(place), at="soon")
