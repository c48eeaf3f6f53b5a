"""`gameday check` as it is called: what is printed, and the exit code."""

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from gameday.cli import main as command_line
from tests.unit.files.shop import Shop

RULES = """\
groups:
  - name: shop
    rules:
      - alert: Down
        expr: up == 0
"""
BROKEN = RULES.replace("up ==", "sum(up ==")
SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource: {type: Prometheus, spec: {query: "sum(rate(good[5m]))"}}
        total:
          metricSource: {type: Prometheus, spec: {query: "sum(rate(all[5m]))"}}
  objectives: [{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1m}]
"""
WARNED = RULES + "        labels: {a-b: c}\n"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Check = Callable[..., Done]


@pytest.fixture
def check(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Check:
    """Call `gameday check` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)

    def called(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as left:
            command_line.main(["check", *arguments])
        out, err = capsys.readouterr()
        return Done(int(left.value.code or 0), out, err)

    return called


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def _write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _git(*arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def test_the_sum_has_right_plurals(check: Check) -> None:
    for name in ("a", "b"):
        _write(f"{name}.rules", RULES)
        _write(f"prometheus-{name}.yaml", "scrape_configs: []\n")
        _write(
            f"alertmanager-{name}.yaml", "route: {receiver: a}\nreceivers: [{name: a}]"
        )
        _write(f"{name}_test.yaml", "rule_files: []\ntests: []\n")
    _write("compose.yaml", "services: {a: {image: b}}\n")
    _write("other.yaml", "a: b\n")
    done = check(".")
    assert done.code == 0
    assert "passed over 4 files: 2 promtool test files, 1 compose file, " in done.out
    assert "2 Alertmanager configurations" in done.out
    assert "2 Prometheus configurations" in done.out


def test_files_passed_over_are_listed_on_demand(check: Check) -> None:
    _write("a/compose.yaml", "services: {a: {image: b}}\n")
    assert check("-v", ".").out.splitlines() == [
        "passed over 1 file: 1 compose file",
        "  a/compose.yaml: compose file",
        "nothing to check: all good",
    ]


def test_a_named_file_may_be_passed_over(check: Check) -> None:
    _write("compose.yaml", "services: {a: {image: b}}\n")
    done = check("compose.yaml")
    assert done.code == 2
    assert "compose.yaml:1: is a compose file, which gameday does not read" in done.err
    assert check("--pass-over", "compose.yaml").code == 0
    assert check("--exclude", "compose.*", "compose.yaml").code == 0


def test_problems_have_a_stable_order(check: Check) -> None:
    _write("a.yaml", "groups: [{name: a, z: 1, b: 1, y: 1, c: 1, rules: []}]\n")
    lines = check("a.yaml").err.splitlines()
    assert [line.split("'")[1] for line in lines] == ["z", "b", "y", "c"]
    _write("a.json", '\n{"groups": [{"name": "a", "z": 1, "b": 1, "rules": []}]}')
    told = json.loads(check("-o", "json", "a.json").out)["problems"]
    assert [(problem["line"], problem["column"]) for problem in told] == [
        (2, 27),
        (2, 35),
    ]


@pytest.mark.parametrize(
    ("text", "wish", "code"),
    [
        (RULES, "error", 0),
        (RULES, "warning", 0),
        (WARNED, "error", 0),
        (WARNED, "warning", 2),
        (BROKEN, "error", 2),
    ],
)
def test_what_makes_a_check_fail(check: Check, text: str, wish: str, code: int) -> None:
    _write("a.yaml", text)
    assert check("--fail-on", wish, "a.yaml").code == code


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# gameday disable-next-line rules/promql-syntax", 0),
        ("# gameday disable-next-line rules/unknown-key, rules/promql-syntax", 0),
        ("# gameday disable-next-line rules/*", 0),
        ("# gameday disable-next-line rules/unknown-key", 2),
        ("# gameday disable-next-line rules/promql", 2),
        ("labels: {a: '# gameday disable-next-line rules/*'}", 2),
        ("# rules/promql-syntax", 2),
    ],
)
def test_a_comment_accepts_a_problem(check: Check, comment: str, code: int) -> None:
    _write("a.yaml", BROKEN.replace("        expr", f"        {comment}\n        expr"))
    assert check("a.yaml").code == code
    _write("a.yaml", BROKEN.replace("groups", f"{comment}\ngroups"))
    assert check("a.yaml").code == 2


def test_a_comment_on_standard_input(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BROKEN.replace(
        "        expr", "# gameday disable-next-line rules/*\n        expr"
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert check("-").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(BROKEN))
    assert check("-").err.startswith("-:5: ")


def test_json_has_ids_and_what_was_passed_over(check: Check) -> None:
    _write("a.yaml", BROKEN)
    _write("compose.yaml", "services: {a: {image: b}}\n")
    told = json.loads(check("-o", "json", ".").out)
    assert told["files"] == {"a.yaml": "rules"}
    assert told["passed_over"] == {"compose.yaml": "compose file"}
    (problem,) = told["problems"]
    assert problem["id"] == "rules/promql-syntax"
    assert problem["line"] == 5


def test_github_shows_ten_worst_first(check: Check) -> None:
    _write("b.yaml", BROKEN)
    keys = ", ".join(f"a-{number}: b" for number in range(12))
    _write("a.yaml", RULES + f"        labels: {{{keys}}}\n")
    done = check("-o", "github", ".")
    assert done.code == 2
    lines = done.out.splitlines()
    assert lines[0].startswith(
        "::error file=b.yaml,line=5,col=9,title=rules/promql-syntax::"
    )
    assert [line[:10] for line in lines[1:10]] == ["::warning "] * 9
    assert lines[10] == "and 3 more:"
    assert not any(line.startswith("::") for line in lines[11:])


def test_github_takes_no_commands_from_a_file(check: Check) -> None:
    _write("a,b:c.yaml", RULES + '        labels: {"x\\n::error::y%": z}\n')
    lines = check("-o", "github", ".").out.splitlines()
    assert lines[0].startswith("::warning file=a%2Cb%3Ac.yaml,line=6,")
    assert not any(line.startswith("::error") for line in lines)


def test_paths_are_seen_from_the_checkout(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _write("sub/a.yaml", BROKEN)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "sub")
    assert "file=sub/a.yaml" in check("-o", "github", ".").out


def _issues(check: Check) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(check("-o", "gitlab", ".").out)
    return issues


def test_gitlab_fingerprints_survive_a_shift_of_lines(check: Check) -> None:
    more = BROKEN.replace("groups:\n", "").replace("shop", "other")
    _write("a.yaml", BROKEN + more)
    before = _issues(check)
    _write("a.yaml", "# a comment\n\n" + BROKEN + more)
    after = _issues(check)
    marks = [issue["fingerprint"] for issue in before]
    assert marks == [issue["fingerprint"] for issue in after]
    assert len(set(marks)) == 2
    assert [issue["location"]["lines"]["begin"] for issue in after] == [7, 11]
    assert {issue["severity"] for issue in before} == {"critical"}
    assert set(before[0]) == {
        *("description", "check_name", "fingerprint", "severity", "location")
    }


def test_sarif_names_rules_and_places(check: Check) -> None:
    _write("a b.yaml", BROKEN)
    _write("c.yaml", WARNED)
    log = json.loads(check("-o", "sarif", ".").out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    first, second = run["results"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "rules/promql-syntax"
    assert (first["level"], second["level"]) == ("error", "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.yaml"
    assert place["region"] == {"startLine": 5, "startColumn": 9}


def test_junit_has_a_case_per_file(check: Check) -> None:
    _write("a.yaml", BROKEN)
    _write("b.yaml", RULES)
    root = ET.fromstring(check("-o", "junit", ".").out)  # noqa: S314 - our own
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    first, second = suite.findall("testcase")
    assert (first.get("name"), first.get("classname")) == ("a.yaml", "rules")
    failure = first.find("failure")
    assert failure is not None
    assert failure.get("type") == "rules/promql-syntax"
    assert second.find("failure") is None


def test_only_what_differs_from_a_commit_is_told(check: Check) -> None:
    _git("init", "-q", "-b", "main")
    _write("old.yaml", BROKEN)
    _write("sub/both.yaml", RULES)
    _git("add", ".")
    _git("commit", "-qm", "a")
    assert check(".").code == 2
    assert check("--base", "main", ".") == (0, "nothing to check: all good\n", "")
    _git("checkout", "-qb", "branch")
    _write("sub/both.yaml", BROKEN)
    _git("commit", "-qam", "b")
    _write("new.yaml", BROKEN)
    done = check("--base", "main", ".")
    assert done.code == 2
    assert [line.split(":")[0] for line in done.err.splitlines()] == [
        "new.yaml",
        "sub/both.yaml",
    ]


def test_a_promise_is_told_where_what_it_needs_has_changed(
    check: Check, shop: Shop
) -> None:
    _git("init", "-q", "-b", "main")
    _git("add", ".")
    _git("commit", "-qm", "a")
    shop.change("for: 5s", "for: 10m", "rules.yaml")
    done = check("--base", "main", ".")
    assert done.code == 1
    assert "scenarios/s.yaml:" in done.err
    _git("commit", "-qam", "b")
    shop.change("spec:", "\nspec:", "slos/checkout.yaml")
    assert check("--base", "HEAD", ".").code == 0


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("rules.yaml", "file/missing"),
        ("experiments/stop.yaml", "file/missing"),
        ("slos/checkout.yaml", "file/missing"),
    ],
)
def test_what_names_a_file_that_is_gone_is_told(
    check: Check, shop: Shop, path: str, told: str, renamed: bool
) -> None:
    _git("init", "-q", "-b", "main")
    _git("add", ".")
    _git("commit", "-qm", "a")
    assert (shop.folder / path).is_file()
    _git(*(("mv", path, "elsewhere.yaml") if renamed else ("rm", "-q", path)))
    done = check("--base", "HEAD", ".")
    assert done.code == 2
    assert told in done.err


def test_a_renamed_rule_file_concerns_a_promise(check: Check, shop: Shop) -> None:
    _git("init", "-q", "-b", "main")
    shop.change("for: 5s", "for: 10m", "rules.yaml")
    _git("add", ".")
    _git("commit", "-qm", "a")
    assert check("--base", "HEAD", ".").code == 0
    _git("mv", "rules.yaml", "alerts.yaml")
    shop.change("rules.yaml", "alerts.yaml", "scenarios/s.yaml")
    assert check("--base", "HEAD", ".").code == 1


def test_a_changed_submodule_is_looked_into(check: Check) -> None:
    _write("inner/a.yaml", RULES)
    _git("init", "-q", "inner")
    _git("-C", "inner", "add", ".")
    _git("-C", "inner", "commit", "-qm", "a")
    _git("init", "-q", "-b", "main")
    _git("add", ".")  # a folder that is a repository is taken in as a submodule
    _git("commit", "-qm", "a")
    assert check("--base", "HEAD", ".").code == 0
    _write("inner/new.yaml", BROKEN)
    done = check("--base", "HEAD", ".")
    assert done.code == 2
    assert "inner/new.yaml:5" in done.err


def test_a_line_break_in_a_name_begins_no_line(check: Check) -> None:
    _write("a\n::error::x.yaml", BROKEN)
    _write("b\rc.yaml", "a: b\n")
    done = check("-v", ".")
    assert done.err.startswith("a\\n::error::x.yaml:5: ")
    assert len(done.err.splitlines()) == 1
    assert "  b\ufffdc.yaml: file" in done.out or "  b\\rc.yaml: file" in done.out


@pytest.mark.parametrize(
    "old_new",
    [
        ("Occurrences", "RatioTimeslices"),
        ("openslo/v1", "openslo/v1alpha"),
        ("type: Prometheus", "type: Datadog"),
        ("sum(rate(good[5m]))", "max(good)"),
    ],
)
def test_a_valid_slo_that_is_not_computed_fails_no_folder(
    check: Check, old_new: tuple[str, str]
) -> None:
    assert old_new[0] in SLO
    _write("slo.yaml", SLO.replace(*old_new))
    named = check("slo.yaml")
    assert (named.code, "warning: spec" in named.err) == (2, False)
    for arguments in (["."], ["--pass-over", "slo.yaml"]):
        done = check(*arguments)
        assert done.code == 0
        assert "slo.yaml:" in done.err
        assert "warning: " in done.err
    _write("slo.yaml", SLO.replace(*old_new) + "x: y\n")
    assert check(".").code == (0 if "v1alpha" in old_new[1] else 2)


def test_a_base_that_is_not_there_is_said(check: Check) -> None:
    _write("a.yaml", RULES)
    for paths in ([".", "a.yaml"], ["a.yaml"]):
        done = check("--base", "main", *paths)
        assert (done.code, done.out) == (2, "")
        assert "is in no git checkout; run gameday inside one" in done.err
    _git("init", "-q")
    done = check("--base", "main", ".")
    assert done.code == 2
    assert "--base 'main': there is no such commit here" in done.err
    assert check("--base=--output=/tmp/x", ".").code == 2
    done = check("--base", "", ".")
    assert (done.code, done.out) == (2, "")
    assert "--base '' is not a commit; expected a branch or a tag" in done.err


def test_a_path_outside_the_checkout_is_not_taken_for_unchanged(
    check: Check, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _git("init", "-q")
    _write("a.yaml", RULES)
    _git("add", ".")
    _git("commit", "-qm", "a")
    outside = tmp_path_factory.mktemp("outside") / "b.yaml"
    outside.write_text(BROKEN)
    for path in (str(outside), str(outside.parent)):
        done = check("--base", "HEAD", "a.yaml", path)
        assert (done.code, done.out) == (2, "")
        assert "lies outside the checkout" in done.err
    Path("linked.yaml").symlink_to(outside)
    assert check("--base", "HEAD", "linked.yaml").code == 2
