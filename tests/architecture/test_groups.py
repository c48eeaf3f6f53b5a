"""The groups of tests that run side by side: each test of a real system is in one."""

import pytest

from tests.groups import Group, Spent, group_of, groups
from tests.shops import ROOT

FILES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("real", "demo", "docs", "wheel")
    for path in sorted((ROOT / "tests" / folder).rglob("test_*.py"))
]


@pytest.mark.parametrize("file", FILES)
def test_every_test_of_a_real_system_is_in_a_group(file: str) -> None:
    assert group_of(f"{file}::test_any") is not None


@pytest.mark.parametrize("group", groups(), ids=lambda group: str(group.name))
def test_what_a_group_names_is_there(group: Group) -> None:
    for begin in group.tests:
        file, _, test = begin.partition("*")[0].partition("::")
        path = ROOT / file
        assert path.exists(), begin
        if test:
            assert f"def {test.partition('[')[0]}(" in path.read_text(), begin


def test_the_longest_name_of_a_test_decides() -> None:
    group = Group("a", ("tests/real", "tests/real/x.py::test_y"), 1.0)
    assert group.holds("tests/real/x.py::test_y[1]") == len("tests/real/x.py::test_y")
    assert group.holds("tests/real/x.py::test_yz") == len("tests/real")
    assert group.holds("tests/realm/x.py::test_y") == 0


def test_a_parameter_can_decide() -> None:
    group = Group("a", ("tests/real*given",), 1.0)
    assert group.holds("tests/real/x.py::test_y[4s-given]")
    assert not group.holds("tests/real/x.py::test_given[debian]")
    assert not group.holds("tests/real/x.py::test_given")


def test_the_table_names_a_group_that_is_over_its_budget() -> None:
    slow = groups()[-1]
    spent = Spent()
    spent.add(_report(slow.tests[0], slow.budget + 1.0))
    (line,) = [line for line in spent.lines() if line.startswith(slow.name)]
    assert line.endswith("OVER ITS BUDGET")


def _report(nodeid: str, seconds: float) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=nodeid,
        location=("", None, ""),
        keywords={},
        outcome="passed",
        longrepr=None,
        when="call",
        duration=seconds,
        start=0.0,
        stop=seconds,
    )
