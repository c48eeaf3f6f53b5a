"""What PromQL's operators make of two numbers."""

from collections.abc import Callable, Mapping
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv

ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
    ">=": ge,
    "<=": le,
}


def calculate(word: str, left: float, right: float) -> float | None:
    """Return the result; None where it divides by zero or is no arithmetic known."""
    if word not in ARITHMETIC or (word == "/" and right == 0.0):
        return None
    return ARITHMETIC[word](left, right)
