"""Suites: which scenarios are held, by whom, and what comes of all of them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gameday.app.days import suites
from gameday.app.days.game_days import (
    GameDayOptions,
    HeldGameDay,
    read_scenarios,
    with_unheld,
    worst,
)
from gameday.app.days.side_by_side import by_target, hold_side_by_side
from gameday.app.outputs import judged, render
from gameday.cli.main import main
from gameday.errors import UsageError
from gameday.model.scenario import Scenario
from gameday.reports import console

ROOT = Path(__file__).resolve().parents[3]
DAY = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {{name: {name}}}
target: {{{target}}}
observe: {{files: {{rules: [rules.yaml]}}}}
steps: [{{experiment: stop-one-web.yaml, hold: 20s}}]
"""
MANIFEST = "{apiVersion: apps/v1, kind: Deployment, spec: {}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "experiments" / "stop-one-web.yaml").read_text()
    (tmp_path / "stop-one-web.yaml").write_text(text)
    (tmp_path / "rules.yaml").write_text("groups: [{name: a, rules: []}]\n")
    return tmp_path


def day(folder: Path, name: str, project: str = "shop", text: str = "") -> str:
    path = folder / f"{name}.yaml"
    target = text or f"docker: {{project: {project}}}"
    path.write_text(DAY.format(name=name, target=target))
    return str(path)


def read(*paths: str) -> list[Scenario]:
    return read_scenarios(paths, GameDayOptions())


def test_a_folder_stands_for_its_scenarios_alone(folder: Path) -> None:
    (folder / "below").mkdir()
    day(folder, "one")
    (folder / "below" / "two.yaml").write_text((folder / "one.yaml").read_text())
    paths = suites.paths_of([str(folder)])
    assert [Path(path).name for path in paths] == ["one.yaml", "two.yaml"]


def test_a_file_that_is_named_and_in_a_folder_is_held_once(folder: Path) -> None:
    path = day(folder, "one")
    assert len(suites.paths_of([path, str(folder)])) == 1


def test_a_folder_without_a_scenario_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="no scenario"):
        suites.paths_of([str(folder)])


def test_shards_hold_each_scenario_once(folder: Path) -> None:
    scenarios = read(*(day(folder, f"d{number}") for number in range(7)))
    shares = [suites.shard(scenarios, number, 3) for number in (1, 2, 3)]
    assert [len(share) for share in shares] == [3, 2, 2]
    together = [scenario.path for share in shares for scenario in share]
    assert sorted(together) == sorted(scenario.path for scenario in scenarios)
    backwards = suites.shard(scenarios[::-1], 1, 3)
    assert {scenario.path for scenario in backwards} == {
        scenario.path for scenario in shares[0]
    }


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/", "a/b", "-1/4"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1/4"):
        suites.parse_shard(text)


# --- what a change concerns -------------------------------------------------------


def commit(folder: Path) -> None:
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("add", "-A"), (*author, "commit", "-q", "-m", "more")):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=30)


@pytest.fixture
def repository(folder: Path) -> Callable[..., set[str]]:
    """Return what tells which scenarios a change concerns; given: (file, text)."""
    day(folder, "shop")
    day(folder, "cluster", text="kubernetes: {context: c, namespace: n}")
    text = (folder / "stop-one-web.yaml").read_text()
    (folder / "other.yaml").write_text(text)
    (folder / "compose.yaml").write_text(
        "services:\n  web: {build: {context: web}, volumes: ['./conf:/etc/web']}\n"
    )
    for name in ("web", "conf", "docs"):
        (folder / name).mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True, timeout=30)
    commit(folder)

    def concerned(name: str, text: str, *scenarios_at: str) -> set[str]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        scenarios = read(*(scenarios_at or ("shop.yaml", "cluster.yaml")))
        return set(suites.changed_since(scenarios, "HEAD"))

    return concerned


@pytest.mark.parametrize(
    ("name", "text", "concerned"),
    [
        ("docs/page.md", "# words\n", set()),
        ("other.yaml", "title: x\n", set()),
        ("rules.yaml", "groups: [{name: b, rules: []}]\n", {"shop", "cluster"}),
        ("web/app.py", "print()\n", {"shop"}),
        ("conf/web.conf", "a\n", {"shop"}),
        ("compose.yaml", "services: {}\n", {"shop"}),
        (
            "web.yaml",
            MANIFEST,
            {"cluster"},
        ),
    ],
)
def test_a_change_concerns_what_is_made_of_it(
    repository: Callable[..., set[str]], name: str, text: str, concerned: set[str]
) -> None:
    assert repository(name, text) == {f"{scenario}.yaml" for scenario in concerned}


MORE = """\
include: [{path: [parts/cache.yaml], env_file: parts/cache.env}]
services:
  web:
    build: {context: web, additional_contexts: {shared: ./shared}}
    env_file: [{path: web.env}, other.env]
    extends: {file: base/common.yaml, service: web}
    volumes: [{type: bind, source: ./data}, "./conf-${STAGE}/web:/etc/web", "named:/x"]
configs: {proxy: {file: ./proxy.cfg}}
secrets: {key: {file: ./key.txt}}
"""
CONFIG_MAP = "{apiVersion: v1, kind: ConfigMap, data: {a: b}}\n"


@pytest.mark.parametrize(
    "name",
    [
        *("compose.override.yaml", "docker-compose.ci.yml", "web.env", "other.env"),
        *("base/common.yaml", "data/rows.csv", "conf-ci/web/a.conf", "proxy.cfg"),
        *("key.txt", "shared/lib.py", "parts/cache.yaml", "parts/cache.env", ".env"),
        *("stack/app/main.py", "stack/D"),
    ],
)
def test_whatever_a_compose_file_reads_concerns_its_scenarios(
    repository: Callable[..., set[str]], folder: Path, name: str
) -> None:
    (folder / "compose.yaml").write_text(MORE)
    stack = folder / "stack"
    stack.mkdir()
    (stack / "shop.yaml").write_text("services: {web: {build: {dockerfile: D}}}\n")
    commit(folder)
    assert repository(name, "new\n") == {"shop.yaml"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.yaml", CONFIG_MAP),
        ("all.yaml", f"{{a: b}}\n---\n{CONFIG_MAP}"),
        ("chart/templates/web.yaml", "kind: {{ .Values.kind }}\n"),
        ("chart/values.yaml", "replicas: 3\n"),
        ("overlay/web.properties", "timeout=3\n"),
        ("image/src/main.py", "print()\n"),
    ],
)
def test_whatever_a_cluster_is_made_of_concerns_its_scenarios(
    repository: Callable[..., set[str]], folder: Path, name: str, text: str
) -> None:
    for place in ("chart/Chart.yaml", "overlay/kustomization.yaml", "image/Dockerfile"):
        (folder / place).parent.mkdir()
        (folder / place).write_text("name: x\n")
    commit(folder)
    assert repository(name, text) == {"cluster.yaml"}


@pytest.mark.parametrize(
    ("name", "text", "concerned"),
    [
        ("shop.py", "print()\n", {"host"}),
        ("supervisord.conf", "[program:web]\n", {"host"}),
        ("docs/page.md", "# words\n", set()),
        ("other.yaml", (ROOT / "experiments" / "stop-one-web.yaml").read_text(), set()),
    ],
)
def test_of_a_local_target_nobody_knows_what_it_is_made_of(
    repository: Callable[..., set[str]],
    folder: Path,
    name: str,
    text: str,
    concerned: set[str],
) -> None:
    day(folder, "host", text='local: {supervisor: "http://127.0.0.1:9"}')
    commit(folder)
    assert repository(name, text, "host.yaml") == {
        f"{scenario}.yaml" for scenario in concerned
    }


def test_rules_that_no_file_names_may_be_what_prometheus_has(
    repository: Callable[..., set[str]], folder: Path
) -> None:
    path = Path(day(folder, "live"))
    text = path.read_text()
    files = "observe: {files: {rules: [rules.yaml]}}"
    path.write_text(text.replace(files, 'observe: {prometheus: "http://p.example"}'))
    commit(folder)
    more = "groups: [{name: new, rules: []}]\n"
    assert repository("more.yaml", more, "live.yaml", "shop.yaml") == {"live.yaml"}


@pytest.mark.usefixtures("repository")
def test_a_file_of_values_concerns_every_scenario(folder: Path) -> None:
    (folder / "ci.env").write_text("RATE=1/s\n")
    scenarios = read("shop.yaml", "cluster.yaml")
    assert set(suites.changed_since(scenarios, "HEAD", "ci.env")) == {
        "shop.yaml",
        "cluster.yaml",
    }
    assert not suites.changed_since(read("cluster.yaml"), "HEAD")


def test_an_experiment_that_changed_concerns_its_scenarios(
    repository: Callable[..., set[str]], folder: Path
) -> None:
    text = (folder / "stop-one-web.yaml").read_text() + "\n# more\n"
    assert repository("stop-one-web.yaml", text) == {"shop.yaml", "cluster.yaml"}


def test_a_repeat_says_in_its_record_which_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever reads it later knows what is one answer."""
    monkeypatch.setenv("GAMEDAY_HOME", str(folder / "home"))
    path = day(folder, "away", text='local: {supervisor: "http://127.0.0.1:9"}')
    with pytest.raises(SystemExit):
        main(["run", path, "--repeat", "2", "--out", "out", "--plain"])
    told = [
        json.loads(Path("out", number, "verdict.json").read_text())["provenance"]
        for number in ("1", "2")
    ]
    assert [provenance["repeat"] for provenance in told] == ["1/2", "2/2"]


# --- side by side -----------------------------------------------------------------

PLAY = """
import json, sys, time, pathlib
code, *paths = sys.argv[1:]
print("going", file=sys.stderr)
runs = [
    {"path": path, "code": int(code), "folder": "", "error": "not this time"}
    for path in paths
]
print(json.dumps({"runs": runs}))
"""


def play(codes: dict[str, int]) -> Callable[[Sequence[Scenario]], list[str]]:
    """Return a process that tells the code of each target; default 2."""

    def command(group: Sequence[Scenario]) -> list[str]:
        code = codes.get(group[0].target.name, 2)
        paths = [scenario.path for scenario in group]
        return [sys.executable, "-c", PLAY, str(code), *paths]

    return command


def test_scenarios_on_one_target_are_held_in_turn(folder: Path) -> None:
    scenarios = read(
        day(folder, "a", "x"), day(folder, "b", "y"), day(folder, "c", "x")
    )
    groups = by_target(scenarios)
    assert [[scenario.name for scenario in group] for group in groups] == [
        ["a", "c"],
        ["b"],
    ]


def test_what_came_of_all_is_told_in_their_order(folder: Path) -> None:
    scenarios = read(
        day(folder, "a", "x"), day(folder, "b", "y"), day(folder, "c", "x")
    )
    told: list[str] = []
    held = hold_side_by_side(scenarios, 2, play({"y": 3}), told.append)
    assert [(game_day.scenario.name, int(game_day.code)) for game_day in held] == [
        ("a", 2),
        ("b", 3),
        ("c", 2),
    ]
    assert worst(held) == 2
    assert sorted(told) == ["x  going", "y  going"]


@pytest.mark.parametrize("code", [5, 130])
def test_no_target_is_begun_after_what_is_broken_or_stopped(
    folder: Path, code: int
) -> None:
    scenarios = read(*(day(folder, f"d{n}", f"p{n}") for n in range(4)))
    held = hold_side_by_side(scenarios, 1, play({"p1": code}), lambda _: None)
    assert [game_day.scenario.name for game_day in held] == ["d0", "d1"]
    assert worst(held) == code


def test_what_was_not_begun_is_told_as_well(folder: Path) -> None:
    """A CI server that counts cases must not take fewer of them for all."""
    scenarios = read(*(day(folder, f"d{n}", f"p{n}") for n in range(3)))
    held = hold_side_by_side(scenarios, 1, play({"p0": 5}), lambda _: None)
    told = with_unheld(scenarios, held)
    assert [(each.scenario.name, int(each.code)) for each in told] == [
        *(("d0", 5), ("d1", 3), ("d2", 3)),
    ]
    assert worst(told) == 5
    assert render(told, "junit").count("not held") >= 2
    assert with_unheld(scenarios, told) == told
    assert worst(with_unheld(scenarios, [])) == 3


def test_a_process_that_dies_is_no_pass(folder: Path) -> None:
    def command(group: Sequence[Scenario]) -> list[str]:
        del group
        return [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]

    held = hold_side_by_side(
        read(day(folder, "a"), day(folder, "b", "y")), 2, command, lambda _: None
    )
    assert [int(game_day.code) for game_day in held] == [3, 3]
    assert all(game_day.error is not None for game_day in held)


def test_a_signal_reaches_every_process_and_begins_no_more(folder: Path) -> None:
    waiting = (
        "import signal, sys, json\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "print('ready', file=sys.stderr)\n"
        "signal.sigwait({signal.SIGTERM})\n"
        "runs = [{'path': p, 'code': 130, 'folder': '', 'error': 'stopped'}"
        " for p in sys.argv[1:]]\n"
        "print(json.dumps({'runs': runs}))\n"
    )
    ready = threading.Semaphore(0)

    def command(group: Sequence[Scenario]) -> list[str]:
        return [sys.executable, "-c", waiting, *(scenario.path for scenario in group)]

    def stop() -> None:
        for _ in range(2):
            assert ready.acquire(timeout=60)
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop)
    stopper.start()
    scenarios = read(*(day(folder, f"d{n}", f"p{n}") for n in range(3)))
    held = hold_side_by_side(scenarios, 2, command, lambda _: ready.release())
    stopper.join()
    assert [int(game_day.code) for game_day in held] == [130, 130]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# --- what is told of them ---------------------------------------------------------


def no_run(folder: Path, name: str) -> HeldGameDay:
    (scenario,) = read(day(folder, name))
    error = UsageError("no such project")
    return HeldGameDay(scenario=scenario, code=worst([]).USAGE, error=error)


def test_json_says_what_came_of_each(folder: Path) -> None:
    document: dict[str, Any] = json.loads(render([no_run(folder, "a")], "json"))
    assert (document["code"], document["outcome"]) == (2, "inconclusive")
    (run,) = document["runs"]
    assert (run["scenario"], run["error"]) == ("a", "no such project")
    assert run["verdict"] is None


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif"])
def test_a_scenario_without_a_run_is_an_error(folder: Path, form: str) -> None:
    text = render([no_run(folder, "a")], form)
    assert "no such project" in text
    assert "a.yaml" in text


def test_junit_has_an_error_where_there_was_no_run(folder: Path) -> None:
    root = ET.fromstring(render([no_run(folder, "a")], "junit"))  # noqa: S314
    (error,) = root.iter("error")
    assert error.get("message") == "no such project"
    assert [suite.get("errors") for suite in root] == ["1"]


def test_the_summary_has_a_line_for_each(folder: Path) -> None:
    held = [no_run(folder, "a"), no_run(folder, "b")]
    lines = console.several(judged(held))
    assert lines[0] == "2 game days:"
    assert lines[1].split() == ["NO", "RUN", "a:", "no", "such", "project"]
