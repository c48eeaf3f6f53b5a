"""Text to values with lines: YAML, JSON, and environment files."""

from pathlib import Path

import pytest

from gameday.errors import InvalidFile
from gameday.files.scenario import env
from gameday.files.text import json_text, yaml
from gameday.files.text.nodes import Document
from gameday.files.text.units import parse_prometheus_duration

TEXT = """\
a: 1
b:
  - x
  - {c: d,
     e: on}
? f
: |
  long
<<: {g: 2, a: 3}
"""


def test_every_key_and_value_keeps_its_line() -> None:
    document = yaml.parse(TEXT, "f.yaml")
    assert document.problems == []
    assert document.value == {
        "a": 1,
        "b": ["x", {"c": "d", "e": True}],
        "f": "long\n",
        "g": 2,
    }
    paths = {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "e"): 5}
    assert {path: document.line(path) for path in paths} == paths
    assert document.line(("f",)) == 6


def test_a_path_that_is_not_there_has_the_line_of_what_is() -> None:
    document = yaml.parse(TEXT, "f.yaml")
    assert document.line(("b", 1, "nothing", 5)) == 4
    assert document.line(("b", 7)) == 2


def test_scalars_as_they_are_written() -> None:
    document = yaml.parse("a: 1.50\nb: on\nc: ~\nd: 2021-01-01\ne: '5'\n", "f.yaml")
    assert document.texts == {
        "a": "1.50",
        "b": "on",
        "c": None,
        "d": "2021-01-01",
        "e": "5",
    }
    assert document.value["d"] == "2021-01-01"
    assert document.value["e"] == "5"


def test_documents_and_a_byte_order_mark() -> None:
    document = yaml.parse("\ufeffa: 1\n---\nb: 2\n---\n", "f.yaml")
    assert [part.value for part in document.all] == [{"a": 1}, {"b": 2}]
    assert [part.line(()) for part in document.all] == [1, 3]
    (problem,) = document.problems
    assert (problem.severity, problem.line) == ("warning", 1)


def test_json_says_where_and_what() -> None:
    text = '{\n\t"a": [1, -2.5e3, true, null],\n\t"b": "\\u00e4\\/",\n\t"b": {}\n}'
    document = json_text.parse(text, "f.json")
    assert document.value == {"a": [1, -2500.0, True, None], "b": {}}
    assert document.line(("a", 3)) == 2
    assert [str(problem) for problem in document.problems] == [
        "f.json:4: the key 'b' is written twice; keep one of them"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"a": 1,\n}',
            "f.json:2: is not valid JSON: expected a text in double quotes",
        ),
        ('{"a" 1}', "f.json:1: is not valid JSON: expected `:`, found '1}'"),
        ("[1\n2]", "f.json:2: is not valid JSON: expected `,` or `]`, found '2]'"),
        ("[1", "f.json:1: is not valid JSON: expected `,` or `]`, the text ends"),
        ('{"a": x}', "f.json:1: is not valid JSON: expected a value, found 'x}'"),
        ("1 2", "f.json:1: is not valid JSON: expected the end of the file"),
        ('["\\x"]', "f.json:1: is not valid JSON: expected a valid escape"),
    ],
)
def test_what_is_no_json(text: str, told: str) -> None:
    (problem,) = json_text.parse(text, "f.json").problems
    assert str(problem).startswith(told)


def test_a_flow_mapping_in_a_yaml_file_is_yaml() -> None:
    assert yaml.parse("{a: b, c: [d]}", "f.yaml").value == {"a": "b", "c": ["d"]}
    assert yaml.parse("{a: b}", "f.json").root is None


def test_a_tab_is_named() -> None:
    (problem,) = yaml.parse("a:\n\tb: 1\n", "f.yaml").problems
    assert problem.line == 2
    assert problem.message.endswith("; indent with spaces, not with a tab")


def test_an_environment_file(tmp_path: Path) -> None:
    path = tmp_path / "e.env"
    path.write_text("# a comment\nA=1\n\nexport B = 'two words'\nC=\"x=y\"\nD=\n")
    assert env.read(str(path)) == {"A": "1", "B": "two words", "C": "x=y", "D": ""}
    path.write_text("A=1\nnothing\n2=b\n")
    with pytest.raises(InvalidFile) as raised:
        env.read(str(path))
    assert [problem.line for problem in raised.value.problems] == [2, 3]


@pytest.mark.parametrize(
    ("written", "put"),
    [
        ("${A}", "1"),
        ("x${A}y${B}", "x1ytwo"),
        ("$${A}", "${A}"),
        ("$A $ {A}", "$A $ {A}"),
        ("$$${A}", "$${A}"),
        ("${A:-other}", "1"),
        ("${NONE:-http://a:1/}", "http://a:1/"),
        ("${EMPTY:-full}", "full"),
        ("${NONE:-}", ""),
    ],
)
def test_names_in_values(written: str, put: str) -> None:
    document = yaml.parse(f"a: '{written}'\n'${{A}}': b\n", "f.yaml")
    assert env.substituted(document, {"A": "1", "B": "two", "EMPTY": ""}) == []
    assert document.value == {"a": put, "${A}": "b"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("${PROJET}", 'PROJET is not set; did you mean "PROJECT"?'),
        ("${}", "'${}' is not a reference"),
        ("${A", "'${A' is not a reference"),
        ("${A-b}", "'${A-b}' is not a reference"),
    ],
)
def test_names_that_cannot_be_put(written: str, told: str) -> None:
    document = yaml.parse(f"x: y\na: '{written}'\n", "f.yaml")
    (problem,) = env.substituted(document, {"A": "1", "PROJECT": "x"})
    assert problem.line == 2
    assert told in problem.message


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('a: 1\nb: "c\nd: e\n', 2, "the quoted text that begins here does not end"),
        ("a: [b\nc: d\n", 2, "expected ',' or ']' in the list that begins in line 1"),
        ("a: {b: c\nd: e\n", 2, "or '}' in the mapping that begins in line 1"),
        ("a: [b: ]]\n", 1, "is not valid YAML"),
        (
            'a: "b\nc: d\ne: "f"\n',
            3,
            "quoted text from line 1 ends here: was it closed",
        ),
        ("a: 'b\n\nc: 'f' g\n", 3, "quoted text from line 1 ends here"),
        ('a: "b"\nc: "f" g\n', 2, "is not valid YAML: did not find expected key"),
    ],
)
def test_what_does_not_end_is_told_with_its_beginning(
    text: str, line: int, told: str
) -> None:
    (problem,) = yaml.parse(text, "f.yaml").problems
    assert problem.line == line
    assert told in problem.message


def test_an_empty_document_has_no_value() -> None:
    document = Document("f.yaml")
    assert (document.value, document.texts, document.line(("a",))) == (None, None, None)


@pytest.mark.parametrize("text", ["[\u0663]", '{"a": -1\u0663}'])
def test_json_has_no_digits_but_those_of_ascii(text: str) -> None:
    problems = json_text.parse(text, "a.json").problems
    assert [problem.id for problem in problems] == ["file/syntax"]


@pytest.mark.parametrize("text", ["\u0663m", "9" * 400 + "d", "9" * 5000 + "s"])
def test_durations_that_no_reader_takes(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|out of range"):
        parse_prometheus_duration(text)
