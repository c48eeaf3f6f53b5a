"""What stands between the braces of a Go template: commands, operands, pipes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gameday.files.promql.go_template_tokens import (
    END,
    TemplateError,
    TemplateToken,
    check_literal,
)
from gameday.files.text.suggest import did_you_mean

_KEYWORDS = (
    *("block", "break", "continue", "define", "else", "end", "if", "range", "nil"),
    *("template", "with"),
)
_OPERANDS = ("word", "dot", "variable", "field", "string", "number", "constant", "left")
_LITERALS = ("dot", "string", "number", "constant", "nil", "bool")
DEEPEST = 100


@dataclass
class Pipelines:
    """One pass over the tokens; `ahead` are those looked at and put back."""

    source: Iterator[TemplateToken]
    functions: Collection[str]
    variables: list[str]
    read: set[str] = field(default_factory=set)
    ahead: list[TemplateToken] = field(default_factory=list)
    ranges: int = 0
    depth: int = 0

    def next(self) -> TemplateToken:
        """Return the next token."""
        return self.ahead.pop() if self.ahead else next(self.source, END)

    def next_after_space(self) -> TemplateToken:
        """Return the next token that is no blank."""
        token = self.next()
        return self.next() if token.kind == "space" else token

    def peek(self) -> TemplateToken:
        """Return the next token, which stays where it is."""
        token = self.next()
        self.ahead.append(token)
        return token

    def peek_after_space(self) -> TemplateToken:
        """Return the next token that is no blank, which stays where it is."""
        token = self.next_after_space()
        self.ahead.append(token)
        return token

    def expect(self, kind: str, where: str) -> TemplateToken:
        """Return the next token, which has to be of a kind."""
        token = self.next_after_space()
        if token.kind != kind:
            raise unexpected(token, where)
        return token

    def pipeline(self, where: str, end: str) -> None:
        """Read `a b | c` up to a token of the kind `end`."""
        self.declarations(where)
        stage = 0
        while True:
            token = self.next_after_space()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS or _is_keyword(token):
                raise unexpected(token, where)
            self.ahead.append(token)
            stage += 1
            first = self.command()
            if stage > 1 and first in _LITERALS:
                raise TemplateError(f"non executable command in pipeline stage {stage}")
        if not stage:
            raise TemplateError(f"missing value for {where}")

    def declarations(self, where: str) -> None:
        """Read `$x :=`, `$x =` and, of a range, `$i, $x :=`."""
        declared = 0
        while self.peek_after_space().kind == "variable":
            variable = self.next_after_space()
            after = self.next()
            sign = self.next() if after.kind == "space" else after
            if sign.kind in ("assign", "declare"):
                self.variables.append(variable.text)
                return
            if sign != TemplateToken("char", ","):
                self.ahead += [sign, after] if after.kind == "space" else [after]
                self.ahead.append(variable)
                return
            self.variables.append(variable.text)
            declared += 1
            if where != "range" or declared > 1:
                raise TemplateError(f"too many declarations in {where}")
            if self.peek_after_space().kind not in ("variable", "close", "right"):
                raise TemplateError("range can only initialize variables")

    def command(self) -> str:
        """Read a command of a pipeline; return the kind of its first operand."""
        kinds: list[str] = []
        while True:
            self.peek_after_space()
            kind = self.operand()
            kinds += [kind] if kind else []
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("close", "right"):
                self.ahead.append(token)
            elif token.kind != "pipe":
                raise unexpected(token, "operand")
            break
        if not kinds:
            raise TemplateError("empty command")
        return kinds[0]

    def operand(self) -> str:
        """Read a term and its fields; return its kind, empty where there is none."""
        kind = self.term()
        if kind and self.peek().kind == "field":
            if kind in _LITERALS:
                raise TemplateError("unexpected . after a term that has no fields")
            while self.peek().kind == "field":
                self.next()
        return kind

    def term(self) -> str:
        """Read a literal, a name or a pipeline in parentheses; return its kind."""
        token = self.next_after_space()
        kind = token.kind
        if kind == "word":
            return self.operand_type(token)
        if kind == "variable":
            if token.text not in self.variables:
                hint = did_you_mean(token.text, self.variables[1:])
                raise TemplateError(f"undefined variable {token.text!r}{hint}")
            self.read.add(token.text)
        elif kind == "field":
            self.read.add(token.text)
        elif kind == "left":
            self.nested()
        elif kind in ("string", "number", "constant"):
            check_literal(token)
        elif kind != "dot":
            self.ahead.append(token)
            return ""
        return kind

    def operand_type(self, token: TemplateToken) -> str:
        """Read a literal's word or a function's name."""
        if token.text in ("true", "false"):
            return "bool"
        if token.text == "nil":
            return "nil"
        if _is_keyword(token):
            self.ahead.append(token)
            return ""
        if token.text not in self.functions:
            hint = did_you_mean(token.text, self.functions)
            raise TemplateError(f"function {token.text!r} not defined{hint}")
        return "function"

    def nested(self) -> None:
        """Read a pipeline in parentheses."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateError(f"is nested deeper than {DEEPEST} levels")
        self.pipeline("parenthesized pipeline", "right")
        self.depth -= 1


def _is_keyword(token: TemplateToken) -> bool:
    return token.kind == "word" and token.text in _KEYWORDS and token.text != "nil"


def unexpected(token: TemplateToken, where: str) -> TemplateError:
    """Return the error for a token that does not belong where it is."""
    what = "the end of the text" if token.kind == "EOF" else repr(token.text)
    return TemplateError(f"unexpected {what} in {where}")
