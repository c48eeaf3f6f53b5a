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


@pytest.mark.parametrize("expression", ["(?!a)", "[", r"(a)\1", "a{1001}", "(?<=a)b"])
def test_what_re2_refuses_is_an_error_in_its_words(
    expression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RegexError, match=r"\w"):
        fully_matches(expression, "a")
    assert capfd.readouterr() == ("", "")


def test_an_evil_expression_takes_no_exponential_time() -> None:
    assert not fully_matches("(a+)+b", "a" * 5000)
