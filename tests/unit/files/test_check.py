"""`check`: files told apart by their content, folders, standard input, the schema."""

import io
import json
from pathlib import Path

import pytest

from gameday.files import kind
from gameday.files.check import check
from gameday.files.scenario import schema
from gameday.files.text import yaml
from tests.unit.files.shop import ALERTMANAGER, FILES, Shop

ROOT = Path(__file__).parents[3]


def test_a_folder_with_one_file_of_every_kind(shop: Shop) -> None:
    shop.write("other.yaml", "a: b\n")
    shop.write("notes.txt", "not: [yaml")
    for skipped in (".git", "node_modules"):
        shop.write(f"{skipped}/broken.yaml", "steady-state-hypothesis: [")
    result = check([str(shop.folder)], {}, None)
    assert result.problems == ()
    assert result.counts == {
        "alertmanager": 1,
        "experiment": 1,
        "prometheus": 1,
        "rules": 1,
        "scenario": 1,
        "slo": 2,
    }
    assert [scenario.name for scenario in result.scenarios] == ["survives"]
    assert (str(shop.folder / "am.yaml"), "alertmanager") in result.files


def test_a_file_that_is_named_has_to_be_of_a_known_kind(shop: Shop) -> None:
    path = shop.write("other.yaml", "\n# x\na: b\n")
    (problem,) = check([str(path)], {}, None).problems
    assert problem.line == 3
    assert "is none of the kinds that gameday knows" in problem.message


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "groups:\n"])
def test_a_named_file_without_content_holds_no_rules(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    result = check([str(path)], {}, None)
    assert [problem for problem in result.problems if problem.severity == "error"] == []
    assert result.counts == {"rules": 1}


def test_what_cannot_be_read_in_a_folder(shop: Shop) -> None:
    shop.write("chart/template.yaml", "a: {{ .Values.a }}\n")
    shop.write("chart/ours.yaml", "apiVersion: gameday/v1\nsteps: [\n")
    shop.write("chart/pipeline.yaml", "script: !reference [.setup, script]\n")
    result = check([str(shop.folder / "chart")], {}, None)
    (problem,) = result.problems
    assert (problem.severity, Path(problem.path).name) == ("error", "ours.yaml")
    assert {Path(path).name: what for path, what in result.passed} == {
        "template.yaml": "Helm template",
        "pipeline.yaml": "unreadable file",
    }


@pytest.mark.parametrize("name", list(FILES))
def test_standard_input(name: str) -> None:
    raw = io.TextIOWrapper(io.BytesIO(FILES[name].encode()))
    result = check(["-"], {}, raw)
    assert [path for path, _ in result.files] == ["-"]
    paths = {problem.path for problem in result.problems}
    assert paths <= {"-"}  # a scenario's own files are not beside it


def test_a_problem_is_told_once_though_several_files_lead_to_it(shop: Shop) -> None:
    shop.change("func: stop", "func: stopp", "experiments/stop.yaml")
    told = shop.told(list(check([str(shop.folder)], {}, None).problems))
    assert len(told) == 1
    assert told[0].startswith("experiments/stop.yaml:22: ")


def test_the_same_file_named_twice_is_judged_once(shop: Shop) -> None:
    path = str(shop.folder / "am.yaml")
    assert check([path, path, str(shop.folder)], {}, None).counts["alertmanager"] == 1


def test_there_is_no_such_file(tmp_path: Path) -> None:
    (problem,) = check([str(tmp_path / "x.yaml")], {}, None).problems
    assert "there is no such file" in problem.message


def test_an_empty_file_in_a_folder_is_passed_over_as_empty(tmp_path: Path) -> None:
    for name, text in {"a.yaml": "", "b.yaml": "# nothing yet\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = check([str(tmp_path)], {}, None)
    assert [what for _, what in result.passed] == ["empty file"] * 2


@pytest.mark.parametrize("text", ["", "# none yet\n", "---\n", "groups:\n"])
def test_rules_that_are_empty_are_no_rules_also_in_a_folder(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "alert.rules").write_text(text)
    for path in (tmp_path, tmp_path / "alert.rules"):
        result = check([str(path)], {}, None)
        assert result.counts == {"rules": 1}
        assert {problem.severity for problem in result.problems} <= {"warning"}


KINDS = [
    ("apiVersion: gameday/v2", "scenario"),
    ("kind: Scenario", "scenario"),
    ("method: []", ""),
    ("method: orders.list\nid: 1", ""),
    ("title: a\ndescription: b", ""),
    ("title: a\ndescription: b\nmethod:", "experiment"),
    ("title: a\ndescription: b\nrollbacks: []", "experiment"),
    ("title: a\ndescription: b\nmethod: GET\npath: /", ""),
    ("title: a\ndescription: b\nmethod: POST", ""),
    ("title: a\ndescription: b\nmethod: [do this]\nrollbacks: [undo it]", ""),
    ("title: a\ndescription: b\nmethod: [do this, {name: a}]", "experiment"),
    ("title: a\ndescription: b\nmethod: {name: a}", "experiment"),
    ("title: a\ndescription: b\nmethod: POST\nrollbacks: []", "experiment"),
    ("method: [{type: action, name: a}]", "experiment"),
    ("steady-state-hypothesis: {}", "experiment"),
    ("steps: []\ntarget: production", ""),
    ("steps: []\ntarget: {docker: {project: a}}", "scenario"),
    ("steps: [{experiment: a.yaml}]\ntarget: {}", "scenario"),
    ("kind: Scenario\nfeature: a cucumber", ""),
    ("title: a\ndescription: b\ntype: object", ""),
    ("$schema: x\nmethod: a", ""),
    ("apiVersion: openslo/v1alpha\nkind: SLO", "slo"),
    ("- apiVersion: openslo/v1", "slo"),
    ("version: prometheus/v1", "slo"),
    ("apiVersion: pyrra.dev/v1alpha1", "slo"),
    ("apiVersion: sloth.slok.dev/v1", "slo"),
    ("groups: []", "rules"),
    ("groups:", "rules"),
    ("groups: [{name: a, rules: []}]", "rules"),
    ("groups: [{name: a, rule: [{alert: A}]}]", "rules"),
    ("groups: [{id: 1, members: [a]}]", ""),
    ("groups: [a, b]\nusers: []", ""),
    ("kind: PrometheusRule", "rules"),
    ("receivers: {otlp: {}}\nservice: {}", ""),
    ("route: {receiver: a}", "alertmanager"),
    ("receivers: [{name: a}]", "alertmanager"),
    ("receivers: [ann@example.org]", ""),
    ("title: a\ndescription: b\nconfiguration: {}", ""),
    ("global: {evaluation_interval: 1s}", "prometheus"),
    ("global: {scrape_interval: 1s}\nscrape_config: []", "prometheus"),
    ("scrape_configs: []", "prometheus"),
    ("alerting: {alertmanagers: []}", "prometheus"),
    ("global: {external_labels: {a: b}}\nremote_write: [{url: x}]", "prometheus"),
    ("alerting: {slack: {channel: a}}", ""),
    ("alerting: {alertmanagers: []}\nname: web", ""),
    ("services: {web: {}}", ""),
    ("apiVersion: v1\nkind: ConfigMap", ""),
    ("text", ""),
    ("- 1", ""),
]


@pytest.mark.parametrize(("text", "expected"), KINDS)
def test_kinds(text: str, expected: str) -> None:
    assert kind.of(yaml.parse(text, "f.yaml")) == expected


def test_the_schema_in_the_repository_is_that_of_the_format() -> None:
    stored = (ROOT / "schema/scenario.schema.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(schema.text())


def test_the_schema_names_what_a_scenario_needs() -> None:
    made = json.loads(schema.text())
    assert made["additionalProperties"] is False
    assert set(made["required"]) == {
        "apiVersion",
        "kind",
        "metadata",
        "steps",
        "target",
    }
    alert = made["$defs"]["AlertPromise"]["properties"]
    assert "fires_within" in alert
    assert made["$defs"]["Step"]["properties"]["with"]["type"] == "object"
    assert "null" not in schema.text()


def test_an_alertmanager_file_goes_to_amtool_only_when_it_is_valid(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shop.write("bin/amtool", "#!/bin/sh\necho 'FAILED: asked'; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (problem,) = check([str(shop.folder / "am.yaml")], {}, None).problems
    assert problem.message == "amtool: asked"
    shop.write("am.yaml", ALERTMANAGER.replace("receiver: team", "receiver: x"))
    (problem,) = check([str(shop.folder / "am.yaml")], {}, None).problems
    assert "there is no receiver 'x'" in problem.message


def test_the_schema_of_gate_policies_is_that_of_the_format() -> None:
    stored = (ROOT / "schema/gate-policy.schema.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(schema.text("gate"))
