"""Go templates as Prometheus parses them in the labels and annotations of alerts.

Parsed, not run: every action closed, every `if` with its `end`, only functions and
variables that there are. One mistake, and Prometheus refuses the whole rule file.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from gameday.files.promql.go_template_pipelines import DEEPEST, Pipelines, unexpected
from gameday.files.promql.go_template_tokens import (
    TemplateError,
    TemplateToken,
    check_literal,
    tokens,
)
from gameday.files.text import go_literals

__all__ = ["ALERT_FUNCTIONS", "ALERT_VARIABLES", "BUILT_IN", "TemplateError", "parse"]

ALERT_VARIABLES = ("$labels", "$externalLabels", "$externalURL", "$value")
BUILT_IN = (
    *("and", "call", "html", "index", "slice", "js", "len", "not", "or", "print"),
    *("printf", "println", "urlquery", "eq", "ge", "gt", "le", "lt", "ne"),
)
ALERT_FUNCTIONS = (
    *("query", "first", "label", "value", "strvalue", "args", "reReplaceAll"),
    *("safeHtml", "match", "title", "toUpper", "toLower", "graphLink", "tableLink"),
    *("sortByLabel", "stripPort", "stripDomain", "humanize", "humanize1024"),
    *("humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime"),
    *("toDuration", "now", "pathPrefix", "externalURL", "parseDuration"),
    *("urlQueryEscape", *BUILT_IN),
)


def parse(
    text: str,
    variables: Collection[str] = ALERT_VARIABLES,
    functions: Collection[str] = ALERT_FUNCTIONS,
) -> frozenset[str]:
    """Return what a template reads: `$value`, `$labels`, `.Value` and the like.

    Raises TemplateError where Go refuses it.
    """
    if "{{" not in text:
        return frozenset()
    parser = _Parser(tokens(text), functions, ["$", *variables])
    parser.template()
    return frozenset(parser.read)


@dataclass
class _Parser(Pipelines):
    """Text, actions, and what they control.

    `defined`: the templates of a name, and whether they hold anything; `solid`: how
    many pieces there were that are no blank text.
    """

    defined: dict[str, bool] = field(default_factory=dict)
    solid: int = 0

    def template(self) -> None:
        """Read to the end of the text."""
        while self.peek().kind != "EOF":
            if self.peek().kind == "open":
                opening = self.next()
                token = self.next_after_space()
                if token == TemplateToken("word", "define"):
                    self.definition()
                    continue
                self.ahead += [token, opening]
            ended = self.piece()
            if ended:
                raise TemplateError(f"unexpected {{{{{ended}}}}}")

    def definition(self) -> None:
        name = self.name("define clause")
        self.expect("close", "define clause")
        self.separate_body("define clause", name)

    def name(self, where: str) -> str:
        """Read a template's name."""
        token = self.expect("string", where)
        check_literal(token)
        return go_literals.unquoted(token.text)

    def separate_body(self, where: str, name: str) -> None:
        """Read the body of a template of its own, to its end; it has no variables."""
        before = self.solid
        outside, self.variables = self.variables, ["$"]
        ranges, self.ranges = self.ranges, 0
        if self.body() != "end":
            raise TemplateError(f"unexpected {{{{else}}}} in {where}")
        self.variables, self.ranges = outside, ranges
        solid = self.solid > before
        if solid and self.defined.get(name):
            raise TemplateError(f"multiple definition of template {name!r}")
        self.defined[name] = solid or self.defined.get(name, False)

    def body(self) -> str:
        """Read up to `end` or `else`, and return which of them it was."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateError(f"is nested deeper than {DEEPEST} levels")
        while self.peek_after_space().kind != "EOF":
            ended = self.piece()
            if ended:
                self.depth -= 1
                return ended
        raise TemplateError("unexpected EOF: an {{end}} is missing")

    def piece(self) -> str:
        """Read text or an action; return "end" or "else" where it was one."""
        token = self.next_after_space()
        if token.kind == "text":
            self.solid += bool(token.text.strip())
            return ""
        if token.kind != "open":
            raise unexpected(token, "input")
        token = self.next_after_space()
        word = token.text if token.kind == "word" else ""
        if word in ("end", "else"):
            return self.ending(word)
        self.solid += 1
        if word in ("if", "with", "range"):
            self.control(word)
        elif word in ("break", "continue"):
            self.leaving(word)
        elif word in ("template", "block"):
            self.named(word)
        else:
            self.ahead.append(token)
            self.pipeline("command", "close")
        return ""

    def ending(self, word: str) -> str:
        follows = self.peek_after_space()
        if word == "else" and follows.text in ("if", "with"):
            return word
        self.expect("close", word)
        return word

    def leaving(self, word: str) -> None:
        self.expect("close", f"{{{{{word}}}}}")
        if not self.ranges:
            raise TemplateError(f"{{{{{word}}}}} outside {{{{range}}}}")

    def named(self, word: str) -> None:
        where = f"{word} clause"
        name = self.name(where)
        if word == "template" and self.peek_after_space().kind == "close":
            self.next_after_space()
            return
        self.pipeline(where, "close")
        if word == "block":
            self.separate_body(where, name)

    def control(self, word: str) -> None:
        """Read `if`, `with` or `range` to its end; its variables end there too."""
        known = len(self.variables)
        ended = self.branch(word)
        while ended == "else":
            if word != "range" and self.peek_after_space() == TemplateToken(
                "word", word
            ):
                self.next_after_space()
                ended = self.branch(word)
            elif self.body() == "end":
                ended = "end"
            else:
                raise TemplateError("expected end; found {{else}}")
        del self.variables[known:]

    def branch(self, word: str) -> str:
        """Read a condition and what it is for; return what ended it."""
        self.pipeline(word, "close")
        inside = word == "range"
        self.ranges += inside
        ended = self.body()
        self.ranges -= inside
        return ended
