"""Each kind of event is a class: what is written is what is read, by every version."""

import ast
import json
from dataclasses import fields
from pathlib import Path

import pytest

from gameday.model.events import (
    KINDS,
    FaultEnded,
    InstanceChanged,
    Metric,
    Page,
    Phase,
    read,
)
from gameday.model.timeline import Event, event, event_from_json

ROOT = Path(__file__).resolve().parents[3]
EVENTS = "gameday.model.events"
# A line of each kind, as runs of today have stored them.
STORED = (Path(__file__).parent / "stored_run.ndjson").read_text().splitlines()


@pytest.mark.parametrize("line", STORED, ids=lambda line: json.loads(line)["kind"])
def test_a_stored_line_is_read_and_written_as_it_was(line: str) -> None:
    stored = json.loads(line)
    entry = event_from_json(stored)
    typed = read(entry)
    assert typed is not None
    assert typed.at(entry.at).to_json() == stored


def test_every_kind_that_reaches_a_file_was_stored() -> None:
    stored = {json.loads(line)["kind"] for line in STORED}
    assert set(KINDS) - stored == {"undone_later"}  # that one is in no file


def test_what_a_later_version_added_is_passed_over() -> None:
    entry = event(1.0, "phase", phase="gate", step="s", colour="blue")
    assert read(entry) == Phase(phase="gate", step="s")
    assert read(event(1.0, "eclipse", of="the moon")) is None


def test_what_an_earlier_version_did_not_write_has_its_default() -> None:
    known = {"service": "web", "instance": "web-1", "state": "running", "health": ""}
    entry = read(event(1.0, "instance", up=True, **known))
    assert isinstance(entry, InstanceChanged)
    assert (entry.stamp, entry.id, entry.error) == (None, "", 0.0)


def test_what_every_version_wrote_is_missed_by_its_name() -> None:
    with pytest.raises(ValueError, match="an event phase has no step"):
        read(event(1.0, "phase", phase="gate"))


def test_a_field_that_says_nothing_is_left_out_where_files_have_it_so() -> None:
    ended = FaultEnded(step="s", id="1", ok=True, by="run", because="", by_hand="")
    assert "early" not in ended.at(1.0).fields
    metric = Metric(promql="up", ok=None, value=None, series={}, because="?")
    assert metric.at(1.0).fields["value"] is None
    assert "stale" not in metric.at(1.0).fields
    page = Page(
        receiver="a", vendor="slack", status="firing", group_key=None, alerts=[]
    )
    assert page.at(1.0).fields["dedup_key"] is None


def _emitted() -> list[tuple[str, str, str]]:
    """Return file and line, kind and field of each event that the code makes."""
    kinds = {made_of.__name__: kind for kind, made_of in KINDS.items()}
    emitted = []
    for path in sorted((ROOT / "gameday").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == EVENTS:
                kinds |= {
                    name.asname: kinds.get(name.name, "")
                    for name in node.names
                    if name.asname
                }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            if getattr(node.func, "id", "") != "event":
                continue
            kind = ast.unparse(node.args[1])
            if kind in kinds or kind.startswith("'"):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                names = [given.arg for given in node.keywords if given.arg]
                told = kinds.get(kind, kind.strip("'"))
                emitted += [(where, told, name) for name in ["", *names]]
    return emitted


def test_no_event_is_made_of_a_kind_or_with_a_field_that_is_not_declared() -> None:
    declared = {kind: {field.name for field in fields(KINDS[kind])} for kind in KINDS}
    made = _emitted()
    assert len(made) > 100
    strange = [
        (where, kind, name)
        for where, kind, name in made
        if kind not in declared or (name and name not in declared[kind])
    ]
    assert strange == []


def test_an_event_is_the_same_whoever_makes_it() -> None:
    typed = Phase(phase="hold", step="s").at(2.0)
    assert typed == event(2.0, "phase", phase="hold", step="s")
    assert isinstance(typed, Event)
