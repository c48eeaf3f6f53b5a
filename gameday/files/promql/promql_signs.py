"""Unary plus, which our parser drops without a look at what stands behind it."""

from gameday.files.promql.promql_tokens import tokens

_BEFORE_AN_OPERAND = ("", "(", ",")


def with_minus_for_unary_plus(text: str) -> str:
    """Return an expression with each unary plus as a minus; empty: there is none.

    Prometheus asks the same type of what stands behind either, our parser only behind
    a minus. One behind an operator stays: the operator asks for that type itself.
    """
    if "+" not in text:
        return ""
    letters = list(text)
    before = ""
    for token in tokens(text):
        if token.text == "+" and before in _BEFORE_AN_OPERAND:
            letters[token.at] = "-"
        elif token.kind != "mark" or token.text != "-":
            before = token.text
    changed = "".join(letters)
    return changed if changed != text else ""
