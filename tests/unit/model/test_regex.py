"""RE2, as Prometheus and Alertmanager compile expressions."""

import pytest

from gameday.model.alerting.regex import RegexError, fully_matches


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("web-[0-9]+", "web-12"),
        ("[[:alpha:]]+", "abc"),
        (r"\pL+", "éß"),
        ("a|b", "b"),
        ("", ""),
        (r"a\Qb*\E", "ab*"),
        (r"\\Ca", r"\Ca"),
        (r"\pL{1000}", "é" * 1000),
        ("a{1000}", "a" * 1000),
        ("[{99999}]", "9"),
        ("a)|(b", "b"),
        (r"\x{00041}", "A"),
    ],
)
def test_whole_values_match(expression: str, text: str) -> None:
    assert fully_matches(expression, text)


@pytest.mark.parametrize(("expression", "text"), [("web", "web-1"), ("a|b", "ab")])
def test_a_part_is_no_match(expression: str, text: str) -> None:
    assert not fully_matches(expression, text)


def test_a_dot_matches_a_line_break_only_where_asked() -> None:
    assert not fully_matches(".", "\n")
    assert fully_matches(".", "\n", dot_all=True)


@pytest.mark.parametrize(
    "expression",
    [
        *("(?!a)", "[", r"(a)\1", "a{1001}", "(?<=a)b", r"\C", r"a\Qb", "(?P<é>a)"),
        *("a{99999999999}", "a{1,99999999999}"),
    ],
)
def test_what_go_refuses_is_an_error(
    expression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RegexError, match=r"\w"):
        fully_matches(expression, "a")
    assert capfd.readouterr() == ("", "")


def test_an_evil_expression_takes_no_exponential_time() -> None:
    assert not fully_matches("(a+)+b", "a" * 5000)
