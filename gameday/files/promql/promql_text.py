r"""What is newer in a PromQL text than our parser, put into words that it reads.

The parser (`promql-parser`) knows PromQL as of Prometheus 3.2. What came later is
recognised token by token, checked by its own grammar here, and replaced by an older
form of the same type; whatever is still no PromQL then, is none at all. Newer are:

* duration expressions: `[5m + 1m]`, `[step() * 4]`, `offset (1h - 5m)`, `max_of(a, b)`
* the modifiers `anchored` and `smoothed`
* the operators `</` and `>/`, which trim native histograms
* underscores in numbers: `1_000`
* names with colons where labels are grouped: `sum by (a:b) (c)`

Never newer, yet not read by it: raw strings in backticks, and regular expressions of
RE2 that are none of Rust's. `holt_winters` is older: Prometheus 3 renamed it.
Functions and modifiers that Prometheus has only behind a flag are noted as well.
"""

import re
from typing import NamedTuple

from gameday.files.promql import promql_regexes
from gameday.files.promql.promql_durations import Durations
from gameday.files.promql.promql_tokens import (
    LONGEST_DURATION,
    PromqlError,
    Token,
    bound_nesting,
    magnitude,
    quoted,
    tokens,
)
from gameday.files.text.go_literals import unquoted

# Functions and modifiers that Prometheus has only behind a flag of its own.
_FILLS = ("fill", "fill_left", "fill_right")
_EXPERIMENTAL = frozenset(
    (
        *("start", "end", "step", "range", "max_of", "min_of", "info", "integral"),
        *("histogram_quantiles", "double_exponential_smoothing", "mad_over_time"),
        *("ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time"),
        *("ts_of_min_over_time", "sort_by_label", "sort_by_label_desc"),
        *("start_timestamp", "limitk", "limit_ratio"),
    )
)

_EXTENDED = ("anchored", "smoothed")
_BEHIND_INFO = (")", "@", "offset", "")
_BEFORE_A_METRIC = frozenset(
    (
        *("and", "or", "unless", "atan2", "bool", "by", "without", "on", "ignoring"),
        *("group_left", "group_right", "offset", "anchored", "smoothed"),
    )
)
_GROUPINGS = ("by", "without", "on", "ignoring", "group_left", "group_right")


class Readable(NamedTuple):
    """An expression for the parser.

    `notes` say what it needs of Prometheus.
    """

    text: str
    notes: tuple[str, ...]


def readable(text: str, *, hide: bool = False) -> Readable:
    """Return an expression in words that the parser reads; PromqlError otherwise.

    `hide`: put stand-ins where regular expressions are, for those that RE2 takes and
    the parser's own engine does not.
    """
    words = list(tokens(text))
    bound_nesting(words)
    return _Rewriting(text, words, hide=hide).done()


class _Rewriting:
    """One pass over the tokens; `changes` are (from, to, text instead)."""

    def __init__(self, text: str, tokens: list[Token], *, hide: bool) -> None:
        self.text, self.tokens, self.hide = text, tokens, hide
        self.changes: list[tuple[int, int, str]] = []
        self.notes: list[str] = []
        self.braces = 0
        self.in_brackets = False
        self.groups: list[str] = []  # the word before each open parenthesis
        self.later: dict[int, str] = {}  # by position, what a brace becomes

    def done(self) -> Readable:
        index = 0
        while index < len(self.tokens):
            index = self._step(index)
        made, at = [], 0
        for start, end, instead in self.changes:
            made += [self.text[at:start], instead]
            at = end
        text = "".join([*made, self.text[at:]])
        return Readable(text, tuple(dict.fromkeys(self.notes)))

    def _near(self, index: int) -> Token:
        inside = 0 <= index < len(self.tokens)
        return self.tokens[index] if inside else Token("end", "", len(self.text))

    def _change(self, first: Token, last: Token, instead: str) -> None:
        self.changes.append((first.at, last.end, instead))

    def _step(self, index: int) -> int:
        """Look at one token; return the index of the next to look at."""
        token = self.tokens[index]
        if token.kind == "string":
            self._string(index)
        elif token.text in ("{", "}"):
            if token.at in self.later:
                self._change(token, token, self.later[token.at])
            self.braces += 1 if token.text == "{" else -1
        elif self.braces <= 0:
            return self._outside_braces(index)
        return index + 1

    def _outside_braces(self, index: int) -> int:
        token = self.tokens[index]
        if token.text == "[":
            return self._bracket(index)
        if token.kind == "word":
            return self._read_name(index)
        if token.text in ("</", ">/"):
            self._change(token, token, "/")
            self.notes.append(f"the operator {token.text} needs Prometheus 3.10")
        elif token.kind in ("number", "duration"):
            self._number(index)
        elif token.text in ("(", ")"):
            self._parenthesis(index)
        return index + 1

    def _string(self, index: int) -> None:
        token = self.tokens[index]
        in_grouping = self.groups and self.groups[-1] in _GROUPINGS
        if in_grouping and self.braces <= 0 and not unquoted(token.text):
            raise PromqlError('invalid label name for grouping: ""')
        mark = self._near(index - 1).text
        is_regex = self.braces > 0 and mark in ("=~", "!~")
        if is_regex:
            value = unquoted(token.text)
            optional = promql_regexes.matches_empty(value)
            if self.hide:
                name = promql_regexes.stand_in(value, optional=optional)
                self._change(token, token, quoted(name))
                return
        if token.text[0] == "`":
            self._change(token, token, quoted(unquoted(token.text)))

    def _number(self, index: int) -> None:
        token, value = self.tokens[index], magnitude(self.tokens[index])
        self._within_bounds(index, value)
        plain = token.text.replace("_", "")
        if token.kind == "duration":
            if not value:
                self._change(token, token, "0")
        elif self.in_brackets and plain.startswith("."):
            self._change(token, token, f"0{plain}")
        elif plain != token.text:
            if re.search(r"__|_$|_[.eE]|[.eE][+-]?_", token.text):
                raise PromqlError(f"bad number syntax: {token.text!r}")
            self._change(token, token, plain)
            self.notes.append("underscores in numbers need Prometheus 2.49")

    def _within_bounds(self, index: int, value: float) -> None:
        """Refuse a range, an offset or a time that Prometheus cannot hold."""
        before = self._near(index - 1)
        if before.text in ("-", "+"):
            before = self._near(index - 2)
        ranges = before.text == "[" or (before.text == ":" and self.in_brackets)
        if before.text == "@" and value >= 2**63:
            raise PromqlError("timestamp out of bounds for @ modifier")
        if ranges and not value:
            raise PromqlError("duration must be greater than 0")
        lasts = ranges or before.text.lower() == "offset"
        if lasts and value > LONGEST_DURATION:
            raise PromqlError(f"duration out of range: {self.tokens[index].text!r}")

    def _parenthesis(self, index: int) -> None:
        if self.tokens[index].text == "(":
            self.groups.append(self._near(index - 1).text.lower())
        elif self.groups:
            self.groups.pop()

    def _read_name(self, index: int) -> int:
        token, following = self.tokens[index], self._near(index + 1).text
        word = token.text.lower()
        if self.groups and self.groups[-1] in _GROUPINGS:
            if ":" in token.text:
                self._change(token, token, f'"{token.text}"')
                self.notes.append("a colon in a label's name needs Prometheus 3")
            elif word in _EXTENDED:
                self._change(token, token, f'"{token.text}"')
        elif word in _EXTENDED:
            self._extended(index)
        elif word == "offset" and self._never_ends(index + 1):
            raise PromqlError("duration out of range")
        elif word == "offset" and self._is_expression(index + 1):
            end = Durations(self.tokens, index + 1).offset()
            self._change(self.tokens[index + 1], self.tokens[end - 1], " 5m")
            self.notes.append("a duration expression needs Prometheus 3.4")
            return end
        elif following == "(" or following.lower() in ("by", "without"):
            self._call(index, following)
        return index + 1

    def _extended(self, index: int) -> None:
        """Drop a modifier; a metric of that name gets quotes."""
        token = self.tokens[index]
        if self._after_selector(index):
            if self._near(index + 1).text == "(":
                raise PromqlError(f"unexpected '(' after {token.text}")
            self._change(token, token, "")
            self.notes.append(f"the modifier {token.text} needs Prometheus 3.7")
        elif (brace := self._near(index + 1)).text == "{":
            more = "" if self._near(index + 2).text == "}" else ", "
            self._change(token, brace, f'{{"{token.text}"{more}')
        else:
            self._change(token, token, f'{{"{token.text}"}}')

    def _call(self, index: int, following: str) -> None:
        token, before = self.tokens[index], self._near(index - 1).text
        if token.text == "holt_winters" and following == "(":
            self._change(token, token, "double_exponential_smoothing")
            self.notes.append(
                "holt_winters is double_exponential_smoothing since Prometheus 3"
            )
        elif before != "@" or token.text in _FILLS:
            needed = _needed_by(token.text)
            if token.text == "info" and following == "(":
                self._info(index + 2)
            self.notes += [needed] if needed else []

    def _info(self, index: int) -> None:
        """Judge the second argument of `info()`, which is matchers in braces only.

        They may match nothing at all, which the parser refuses of a selector.
        """
        depth = 0
        while (token := self._near(index)).text and (depth or token.text != ","):
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth < 0:
                return  # there is only one
            index += 1
        brace, end = self._near(index + 1), index + 1
        while self._near(end).text not in ("}", ""):
            end += 1
        if brace.text != "{" or self._near(end + 1).text.lower() not in _BEHIND_INFO:
            raise PromqlError("info() takes label selectors in braces only")
        more = "" if end == index + 2 else ", "
        self.later[brace.at] = f'{{gameday="1"{more}'

    def _after_selector(self, index: int) -> bool:
        while self._near(index - 1).text.lower() == self._near(index).text.lower():
            index -= 1  # Prometheus takes the same one twice
        before = self._near(index - 1)
        if before.kind == "word":
            return before.text.lower() not in _BEFORE_A_METRIC
        if before.text == "]":
            inside = self.text[self.text.rfind("[", 0, before.at) : before.at]
            return ":" not in inside
        if before.text == ")":  # `@ start()`, `@ end()`
            return self._near(index - 4).text == "@"
        after_offset = self._near(index - 2).text.lower() in ("offset", "-", "@")
        is_time = before.kind in ("duration", "number")
        return before.text == "}" or (is_time and after_offset)

    def _never_ends(self, index: int) -> bool:
        """Return whether an offset is infinite."""
        if self._near(index).text in ("-", "+"):
            index += 1
        return self._near(index).text.lower() in ("inf", "nan")

    def _is_expression(self, index: int) -> bool:
        """Return whether a duration expression begins here, not a plain duration."""
        if self._near(index).text in ("-", "+"):
            index += 1
        word = self._near(index).text
        calls = word.lower() in ("step", "range", "max_of", "min_of")
        return word == "(" or (calls and self._near(index + 1).text == "(")

    def _bracket(self, index: int) -> int:
        """Replace what is newer inside `[…]`; return the index of what follows."""
        end = index + 1
        while self._near(end).text not in ("]", ""):
            end += 1
        inside = self.tokens[index + 1 : end]
        plain = all(
            token.kind in ("duration", "number") or token.text == ":"
            for token in inside
        )
        if plain or self._near(end).text != "]":
            self.in_brackets = True
            for inner in range(index + 1, end):
                if self.tokens[inner].kind in ("number", "duration"):
                    self._number(inner)
            self.in_brackets = False
            return end
        instead = Durations([*inside, self.tokens[end]], 0).brackets()
        self._change(inside[0], inside[-1], instead)
        self.notes.append("a duration expression needs Prometheus 3.4")
        return end


def _needed_by(name: str) -> str:
    """Return what a call of that name needs of Prometheus; empty: nothing."""
    if name in _FILLS:
        flag = "promql-binop-fill-modifiers"
    elif name in _EXPERIMENTAL:
        flag = "promql-experimental-functions"
    else:
        return ""
    return f"{name}() needs Prometheus with --enable-feature={flag}"
