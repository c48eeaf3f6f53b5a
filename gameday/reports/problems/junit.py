"""JUnit XML of a check: one test case per file, that fails where the file is wrong."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from gameday.errors import Problem
from gameday.reports.wording import clean

_SUITE = "gameday check"


def render(
    problems: Sequence[Problem], files: Sequence[tuple[str, str]], started: str
) -> str:
    """Return the files as test cases; `files`: (path, kind), `started`: without zone.

    Warnings fail nothing: they stand in the suite's output.
    """
    kinds = dict(reversed(files))
    paths = dict.fromkeys([*kinds, *(problem.path for problem in problems)])
    cases = [
        _case(path, kinds.get(path, "file"), [p for p in problems if p.path == path])
        for path in sorted(paths)
    ]
    suite = ET.Element(
        "testsuite",
        {
            "id": "0",
            "package": "gameday",
            "name": _SUITE,
            "timestamp": started,
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(sum(case.find("failure") is not None for case in cases)),
            "errors": "0",
            "skipped": "0",
            "time": "0.000",
        },
    )
    ET.SubElement(suite, "properties")
    suite.extend(cases)
    warnings = [problem for problem in problems if problem.severity == "warning"]
    output = "\n".join(f"{problem} [{problem.id}]" for problem in warnings)
    ET.SubElement(suite, "system-out").text = clean(output) or None
    ET.SubElement(suite, "system-err")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _case(path: str, kind: str, problems: list[Problem]) -> ET.Element:
    attributes = {"classname": clean(kind), "name": clean(path), "time": "0.000"}
    case = ET.Element("testcase", attributes)
    wrong = [problem for problem in problems if problem.severity != "warning"]
    if wrong:
        failure = ET.SubElement(
            case,
            "failure",
            {"type": wrong[0].id, "message": clean(wrong[0].message)},
        )
        failure.text = clean(
            "\n".join(f"{problem} [{problem.id}]" for problem in wrong)
        )
    return case
