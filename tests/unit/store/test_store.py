"""Runs as they are kept: whole, in order, readable after a crash."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.errors import StoreError, UsageError
from gameday.model.events import event
from gameday.model.scenario import AlertPromise, Expect
from gameday.store.folder import parse_lines
from gameday.store.history import History, NewRun
from gameday.store.plans import from_json, to_json
from gameday.store.run import RunStore
from tests.unit.runner.world import plan


def new_run(tmp_path: Path, run: str = "r1", started: float = 1.0) -> NewRun:
    return NewRun(
        run=run,
        scenario="x",
        target="docker://shop",
        folder=str(tmp_path / "files" / run),
        started=started,
        pid=1,
        host="here",
        plan=to_json(plan()),
    )


def test_a_plan_comes_back_as_it_was_written() -> None:
    text = to_json(plan())
    assert to_json(from_json(text, "p")) == text


@pytest.mark.parametrize(("stored", "read"), [(None, ()), ("oncall", ("oncall",))])
def test_a_plan_of_a_time_with_one_receiver_is_still_read(
    stored: str | None, read: tuple[str, ...]
) -> None:
    promised = AlertPromise(alert="Down", fires_within=9.0)
    data = json.loads(to_json(plan(Expect(alerts=(promised,)))))
    old = data["scenario"]["steps"][0]["expect"]["alerts"][0]
    old["reaches"] = stored
    del old["victims"]
    (step,) = from_json(json.dumps(data), "p").scenario.steps
    assert step.expect.alerts[0].reaches == read
    assert step.expect.alerts[0].victims == "each"


def test_a_plan_keeps_no_secrets_of_an_experiment() -> None:
    given = plan()
    document = given.scenario.steps[0].experiment.document
    document["secrets"] = {"k8s": {"token": "hush"}}  # type: ignore[index]
    assert "hush" not in to_json(given)


def test_something_that_is_no_plan_is_a_store_error() -> None:
    with pytest.raises(StoreError, match=r"plan\.json"):
        from_json('{"scenario": 3}', "plan.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "r/timeline.ndjson: the plan of this run is damaged: Invalid JSON"),
        ('{"scenario": 3}', "the plan of this run is damaged at scenario: "),
    ],
)
def test_a_damaged_plan_is_said_to_be_the_plan(text: str, words: str) -> None:
    """The record of a run names its timeline, which may be whole."""
    with pytest.raises(StoreError, match=words):
        from_json(text, "r/timeline.ndjson")


def test_a_run_is_found_by_id_by_folder_and_as_the_latest(tmp_path: Path) -> None:
    history = History(str(tmp_path))
    for number in (1, 2):
        store = RunStore(history, new_run(tmp_path, f"r{number}", float(number)))
        store.append(event(5.0, "note", text=f"of r{number}"))
        store.close()
    assert history.find("latest").run == "r2"
    by_id = history.find("r1")
    by_folder = history.find(str(tmp_path / "files" / "r1"))
    assert parse_lines(by_id.lines, "") == parse_lines(by_folder.lines, "")
    assert by_id.plan == by_folder.plan


class FullHistory(History):
    """A history whose disk is full after some lines."""

    def __init__(self, home: str, room: int) -> None:
        super().__init__(home)
        self.room = room

    def append(self, run: str, line: str) -> None:
        self.room -= 1
        if self.room < 0:
            raise StoreError("no space left on device")
        super().append(run, line)


def test_a_disk_that_is_full_is_told_once_and_what_follows_is_kept_in_memory(
    tmp_path: Path,
) -> None:
    store = RunStore(FullHistory(str(tmp_path), 1), new_run(tmp_path))
    store.append(event(1.0, "note", text="first"))
    with pytest.raises(StoreError, match="no space left"):
        store.append(event(2.0, "note", text="second"))
    store.append(event(3.0, "note", text="third"))
    assert [stored_event.fields["text"] for stored_event in store.events()] == [
        "first",
        "second",
        "third",
    ]
    assert "no space left" in store.failure
    store.close()


def test_a_line_that_was_cut_off_by_a_full_disk_is_taken_back(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from gameday.errors import StoreError\n"
        "from gameday.store.folder import RunFolder\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "folder = RunFolder(sys.argv[1])\n"
        "folder.append('{\"a\": 1}')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))\n"
        "try:\n    folder.append('x' * 50)\n"
        "except StoreError as error: print(error)\n"
        "resource.setrlimit(\n"
        "    resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "folder.append('{\"b\": 2}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "timeline.ndjson: " in done.stdout
    written = (tmp_path / "timeline.ndjson").read_text()
    assert written == '{"a": 1}\n{"b": 2}\n'


@pytest.mark.parametrize(("shared", "mode"), [(True, 0o640), (False, 0o600)])
def test_the_group_of_a_folder_that_was_asked_for_may_read_its_files(
    tmp_path: Path, shared: bool, mode: int
) -> None:
    store = RunStore(History(str(tmp_path)), new_run(tmp_path), shared=shared)
    store.append(event(1.0, "note", text="first"))
    store.write("report.md", "text")
    for path in (tmp_path / "files" / "r1").iterdir():
        assert path.stat().st_mode & 0o777 == mode
        assert path.stat().st_gid == path.parent.stat().st_gid
    store.close()


def test_an_unknown_run_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gameday runs"):
        History(str(tmp_path)).find("nothing")
    with pytest.raises(UsageError, match="no run yet"):
        History(str(tmp_path)).find("latest")


def test_a_run_without_a_verdict_has_crashed(tmp_path: Path) -> None:
    history = History(str(tmp_path))
    store = RunStore(history, new_run(tmp_path))
    assert [run.ending for run in history.entries()] == ["crashed"]
    verdict = {"ending": "finished", "outcome": "pass", "ended": "then"}
    store.write("verdict.json", json.dumps(verdict))
    (entry,) = history.entries()
    assert (entry.ending, entry.outcome, entry.ended) == ("finished", "pass", "then")


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    whole = json.dumps(event(5.0, "note", text="a").to_json())
    assert len(parse_lines([whole, whole[:-9]], "t")) == 1
    with pytest.raises(StoreError, match="t:1"):
        parse_lines([whole[:-9], whole], "t")


def test_a_second_run_in_a_folder_takes_the_first_ones_files_away(
    tmp_path: Path,
) -> None:
    history = History(str(tmp_path))
    first = RunStore(history, new_run(tmp_path))
    first.append(event(5.0, "note", text="old"))
    first.write("journal-s.json", "{}")
    mine = tmp_path / "files" / "r1" / "notes.txt"
    mine.write_text("a person's own")
    again = new_run(tmp_path, "r2")
    again = replace(again, folder=first.folder)
    RunStore(history, again).close()
    assert sorted(path.name for path in mine.parent.iterdir()) == [
        "notes.txt",
        "plan.json",
        "timeline.ndjson",
    ]


def test_known_secrets_are_taken_out_of_everything(tmp_path: Path) -> None:
    history = History(str(tmp_path))
    store = RunStore(
        history, new_run(tmp_path), lambda text: text.replace("hush", "***")
    )
    store.append(event(5.0, "note", text="hush"))
    store.write("report.md", "hush")
    store.close()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"hush" not in path.read_bytes()


@pytest.mark.parametrize("content", [b"not a database at all" * 100])
def test_a_corrupt_store_is_refused_with_what_to_do(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "store.db").write_bytes(content)
    with pytest.raises(StoreError, match="move the file away"):
        History(str(tmp_path))


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    store = RunStore(History(str(tmp_path)), new_run(tmp_path))
    store.write("report.md", "x")
    modes = {path.stat().st_mode & 0o077 for path in Path(store.folder).iterdir()}
    assert modes == {0}
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0
