"""Bits per second as people write them."""

import pytest

from gameday.model.quantity import parse_bit_rate, show_bit_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("8kbit", 8e3),
        ("512kbit", 512e3),
        ("10mbit", 10e6),
        ("1.5mbit", 1.5e6),
        (" 1 gbit ", 1e9),
        ("64000bit", 64e3),
    ],
)
def test_a_rate_carries_its_unit(text: str, rate: float) -> None:
    assert parse_bit_rate(text) == rate
    assert parse_bit_rate(show_bit_rate(rate)) == rate


@pytest.mark.parametrize(
    "text", ["10", 10, "10mb", "10Mbit", "10mbit/s", "-1mbit", "50/s", "mbit", None, ""]
)
def test_anything_else_is_told_how_to_write_it(text: object) -> None:
    with pytest.raises(ValueError, match="such as 512kbit or 10mbit"):
        parse_bit_rate(text)


@pytest.mark.parametrize("text", ["0bit", "7.9kbit", "101gbit", "9" * 400 + "gbit"])
def test_what_no_kernel_can_keep_is_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match="expected 8kbit to 100gbit"):
        parse_bit_rate(text)


def test_a_measured_rate_is_shown_short() -> None:
    assert show_bit_rate(9_531_234.5) == "9.531mbit"
    assert show_bit_rate(0.0) == "0bit"
