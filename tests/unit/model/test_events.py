"""Each kind of event is a class: what is written is what is read, by every version."""

import json
from pathlib import Path

import pytest

from gameday.errors import LacksField
from gameday.model.events import (
    KINDS,
    FaultEnded,
    InstanceChanged,
    Metric,
    Note,
    OtherEvent,
    Phase,
    event,
    event_from_json,
)
from gameday.model.events.codec import lacking
from gameday.model.events.target import UNSTAMPED

# A line of each kind, as runs of today have stored them.
STORED = (Path(__file__).parent / "stored_run.ndjson").read_text().splitlines()


@pytest.mark.parametrize("line", STORED, ids=lambda line: json.loads(line)["kind"])
def test_a_stored_line_is_read_and_written_as_it_was(line: str) -> None:
    stored = json.loads(line)
    entry = event_from_json(stored)
    assert type(entry) is KINDS[stored["kind"]]
    assert entry.to_json() == stored


def test_every_kind_that_reaches_a_file_was_stored() -> None:
    stored = {json.loads(line)["kind"] for line in STORED}
    assert set(KINDS) - stored == {"undone_later"}  # that one is in no file


def test_what_a_later_version_added_is_passed_over() -> None:
    entry = event(1.0, "phase", phase="gate", step="s", colour="blue")
    assert entry == Phase(at=1.0, phase="gate", step="s")


def test_a_kind_of_a_later_version_is_kept_as_its_line_has_it() -> None:
    line = {"at": "1970-01-01T00:00:01.000Z", "kind": "eclipse", "of": "the moon"}
    entry = event_from_json(line)
    assert isinstance(entry, OtherEvent)
    assert entry.to_json() == line


def test_what_an_earlier_version_did_not_write_has_its_default() -> None:
    known = {"service": "web", "instance": "web-1", "state": "running", "health": ""}
    entry = event(1.0, "instance", up=True, **known)
    assert isinstance(entry, InstanceChanged)
    assert (entry.stamp, entry.id, entry.error) == (UNSTAMPED, "", 0.0)


def test_what_every_version_wrote_is_missed_by_its_name() -> None:
    entry = event(1.0, "phase", phase="gate")
    assert isinstance(entry, Phase)
    with pytest.raises(LacksField, match=r"the event phase of .* has no 'step'"):
        assert entry.step
    assert "step" not in entry.to_json()
    assert lacking(entry) == ["step"]


def test_a_damaged_event_can_be_changed() -> None:
    entry = event(1.0, "phase", phase="gate").but(at=2.0)
    assert (entry.at, entry.fields) == (2.0, {"phase": "gate"})


def test_a_time_is_what_a_file_holds_of_it() -> None:
    assert Note(at=1.00049, text="").at == event(1.00049, "note", text="").at == 1.0


def test_a_field_that_says_nothing_is_left_out_where_files_have_it_so() -> None:
    ended = FaultEnded(at=1.0, step="s", id="1", ok=True, by="run")
    assert "early" not in ended.to_json()
    metric = Metric(at=1.0, promql="up", ok=None, value=None, series={}, because="?")
    assert metric.to_json()["value"] is None
    assert "stale" not in metric.to_json()
    page = event(1.0, "page", receiver="a", vendor="slack", status="firing")
    assert page.to_json()["dedup_key"] is None
