"""Durations, shares and rates as people write them."""

import pytest

from gameday.model.quantity import (
    LONGEST,
    parse_duration,
    parse_rate,
    parse_share,
    show_duration,
)

EVERY_KIND = (parse_duration, parse_share, parse_rate)


@pytest.mark.parametrize("value", [5, 0, 1.5, 10**399, "30", " 30 ", "0.5"])
def test_a_number_without_a_unit_is_refused_as_one(value: object) -> None:
    for parse in EVERY_KIND:
        with pytest.raises(ValueError, match="is a bare number; write"):
            parse(value)


@pytest.mark.parametrize("value", [True, None, float("nan"), float("inf"), [], "", "x"])
def test_what_is_no_number_at_all_is_not_called_a_bare_one(value: object) -> None:
    for parse in EVERY_KIND:
        with pytest.raises(ValueError, match=r"is not a (duration|share|rate)"):
            parse(value)


@pytest.mark.parametrize("digit", ["\u0663", "\u00b2", "\uff13"])
def test_digits_of_other_scripts_are_none(digit: str) -> None:
    for parse, unit in zip(EVERY_KIND, ("s", "%", "/s"), strict=True):
        with pytest.raises(ValueError, match="is not a"):
            parse(f"{digit}{unit}")


def test_what_is_larger_than_any_number_is_refused() -> None:
    for parse, unit in zip(EVERY_KIND, ("s", "%", "/s"), strict=True):
        with pytest.raises(ValueError, match="too l"):
            parse("9" * 5000 + unit)


def test_a_century_is_the_longest() -> None:
    assert parse_duration(show_duration(LONGEST)) == pytest.approx(LONGEST)
    with pytest.raises(ValueError, match="too long; expected at most 36525d"):
        parse_duration("36525d1ms")
