"""How much may be read, and what of a large folder."""

import itertools
import json
import time
from pathlib import Path

import pytest

from gameday.files import folder, judge_file
from gameday.files.check import check
from gameday.files.text import source, yaml
from tests.unit.files.shop import Shop

GROUP = """\
  - name: g{n}
    rules:
      - alert: Down{n}
        expr: up{{job="shop{n}"}} == 0
        for: 5m
        labels:
          severity: page
        annotations:
          summary: it is down
"""
RULES = "groups:\n" + "".join(GROUP.format(n=n) for n in range(3000))


def test_a_rule_file_of_27_000_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    result = check([str(path)], {}, None)
    assert result.problems == ()
    path.write_text(RULES.replace('shop2999"} ==', 'shop2999"} =='[:-1]))
    (problem,) = check([str(path)], {}, None).problems
    assert problem.line == 26_996


def test_a_json_file_of_many_values_is_read(tmp_path: Path) -> None:
    rule = {"alert": "A", "expr": "up == 0", "labels": {"a": "b"}}
    groups = [{"name": f"g{n}", "rules": [rule] * 20} for n in range(500)]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"groups": groups}))
    assert check([str(path)], {}, None).counts == {"rules": 1}


def test_a_file_is_at_most_64_mib(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(source.LARGEST + 1)
    read = source.read(str(path))
    assert read.problem is not None
    assert read.problem.id == "file/bounds"


@pytest.mark.parametrize("wide", [10, 100])
def test_aliases_that_blow_a_file_up_are_refused(wide: int) -> None:
    text = "a0: &a0 [x]\n"
    for level in range(1, 12):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * wide)}]\n"
    document = yaml.parse(text, "a.yaml")
    assert [problem.id for problem in document.problems] == ["file/bounds"]


def test_aliases_of_a_large_file_are_read() -> None:
    text = "base: &base {severity: page, team: payments, tier: '1'}\nrules:\n"
    text += "  - {alert: A, expr: up == 0, labels: *base}\n" * 20_000
    assert yaml.parse(text, "a.yaml").problems == []


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.json", json.dumps({"method": ["x" * 50] * 9000}), "file of another kind"),
        ("a.yaml", "words: here\n" * 30_000, "file of another kind"),
        (
            "a.json",
            json.dumps({"panels": ["description"] * 30_000, "schemaVersion": 1}),
            "Grafana dashboard",
        ),
    ],
)
def test_large_data_of_others_are_passed_over(
    tmp_path: Path, name: str, content: str, what: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    result = check([str(tmp_path)], {}, None)
    assert result.passed == ((str(path), what),)


def test_every_kind_comes_back_from_other_cores(shop: Shop) -> None:
    shop.write("compose.yaml", "services: {a: {image: b}}\n")
    shop.change("expr: up", "expr: up(", "rules.yaml")
    paths = list(folder.files(str(shop.folder), folder.Excluded(())))
    alone = judge_file.judge_all(paths, {}, cores=1)
    together = judge_file.judge_all(paths * 3, {}, cores=2)
    assert together.scenarios == alone.scenarios * 3
    assert together.problems == alone.problems * 3
    assert together.files == alone.files * 3
    assert together.passed == alone.passed * 3
    assert [slo.path for slo in together.slos] == [slo.path for slo in alone.slos] * 3
    assert any(problem.id == "rules/promql-syntax" for problem in alone.problems)


def test_a_file_of_mistakes_is_judged_as_quickly_as_another(tmp_path: Path) -> None:
    words = itertools.product("abcdefghij", repeat=5)
    jobs = (f"- job_{''.join(word)}_configs: null\n" for word in words)
    path = tmp_path / "prometheus.yml"
    path.write_text("scrape_configs:\n" + "".join(itertools.islice(jobs, 20_000)))
    start = time.process_time()
    result = check([str(path)], {}, None)
    assert time.process_time() - start < 2.0
    assert len(result.problems) == 40_000
    assert all("is an unknown key" in p.message for p in result.problems[::2])


LONG = {
    "braces": "{" * 1_000_000,
    "actions": "{{ a " * 200_000,
    "lines": "a: {{\n" + "\n" * 1_000_000,
    "blanks": "a: {%" + "\t" * 1_000_000,
    "sequences": "- " * 500_000,
    "matchers": 'groups: [{name: a, rules: [{expr: "' + "a{" * 500_000 + '"}]}]',
}


@pytest.mark.parametrize("ending", [".yaml", ".json"])
@pytest.mark.parametrize("name", LONG)
def test_no_text_is_read_again_and_again(
    tmp_path: Path, name: str, ending: str
) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text(LONG[name])
    start = time.process_time()
    check([str(path)], {}, None)
    assert time.process_time() - start < 2.0
