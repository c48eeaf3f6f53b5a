"""Durations as expressions, in brackets and after `offset`: Prometheus 3.4 on."""

import re

from gameday.files.promql.promql_tokens import PromqlError, Token

_DEEPEST = 100
_IN_ORDER = ("y", "w", "d", "h", "m", "s", "ms")
_UNITS = re.compile("".join(rf"(\d+{unit})?" for unit in _IN_ORDER))


class Durations:
    """The grammar of duration expressions, over the tokens from an index on."""

    def __init__(self, tokens: list[Token], index: int) -> None:
        self.tokens, self.index = tokens, index
        self.depth = 0

    def brackets(self) -> str:
        """Read `RANGE` or `RANGE:STEP` up to `]`; return an older form of it."""
        self._positive()
        if self._take("]"):
            return "5m"
        if not self._take(":"):
            raise self._unexpected("subquery or range")
        if self._take("]"):
            return "5m:"
        self._positive()
        if not self._take("]"):
            raise self._unexpected("subquery selector")
        return "5m:1m"

    def offset(self) -> int:
        """Read the duration of an offset; return the index after it."""
        self._signed()
        return self.index

    def _peek(self) -> Token:
        last = Token("end", "", 0)
        return self.tokens[self.index] if self.index < len(self.tokens) else last

    def _take(self, *texts: str) -> str:
        text = self._peek().text
        if text and text.lower() in texts:
            self.index += 1
            return text
        return ""

    def _unexpected(self, where: str) -> PromqlError:
        text = self._peek().text
        what = repr(text) if text else "the end of the expression"
        return PromqlError(f"unexpected {what} in {where}")

    def _positive(self) -> None:
        start = self.index
        value = self._sum()
        if value is not None and value <= 0 and self.index - start <= 2:  # noqa: PLR2004
            raise PromqlError("duration must be greater than 0")

    def _sum(self) -> float | None:
        """Read an expression; return its value where it is a plain number."""
        value = self._product()
        while self._take("+", "-"):
            self._product()
            value = None
        return value

    def _product(self) -> float | None:
        value = self._signed()
        while sign := self._take("*", "/", "%"):
            divisor = self._signed()
            if divisor == 0 and sign != "*":
                what = "division" if sign == "/" else "modulo"
                raise PromqlError(f"{what} by zero")
            value = None
        return value

    def _signed(self) -> float | None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PromqlError(f"is nested deeper than {_DEEPEST} levels")
        sign = self._take("+", "-")
        value = self._signed() if sign else self._power()
        self.depth -= 1
        return -value if value is not None and sign == "-" else value

    def _power(self) -> float | None:
        value = self._atom()
        if self._take("^"):
            self._signed()
            value = None
        return value

    def _atom(self) -> float | None:
        token = self._peek()
        if token.kind in ("duration", "number"):
            self.index += 1
            return _some(token)
        if self._take("("):
            self._sum()
            if not self._take(")"):
                raise self._unexpected("duration expression")
            return None
        word = self._take("step", "range", "max_of", "min_of").lower()
        if not word or not self._take("("):
            raise self._unexpected("duration expression")
        if word in ("max_of", "min_of"):
            self._sum()
            if not self._take(","):
                raise self._unexpected("duration expression")
            self._sum()
        if not self._take(")"):
            raise self._unexpected("duration expression")
        return None


def _some(token: Token) -> float:
    """Return 1 for a plain number or duration that is not 0."""
    if token.kind == "duration" and not _UNITS.fullmatch(token.text):
        raise PromqlError(f"not a valid duration string: {token.text}")
    return 1.0 if re.search(r"[1-9]", token.text) else 0.0
