"""What Prometheus asks of the types of operands, and our parser does not.

It drops a unary plus without a look at what stands behind it.
"""

from typing import Any

from gameday.files.promql.promql_tokens import tokens

_SET_OPERATORS = ("and", "or", "unless")
_SCALAR_PARAMETERS = ("limitk", "limit_ratio")
_BEFORE_AN_OPERAND = ("", "(", ",")


def complaint(node: Any) -> str:
    """Return why Prometheus refuses a node of the syntax tree; empty: it does not."""
    if is_kind(node, "AggregateExpr"):
        takes_scalar = str(node.op) in _SCALAR_PARAMETERS
        if takes_scalar and not is_scalar(node.param):
            return "expected type scalar in aggregation parameter"
    elif is_kind(node, "Call"):
        return _number_for_vector(node)
    elif is_kind(node, "BinaryExpr") and _fills(node):
        if str(node.op) in _SET_OPERATORS:
            return "filling in missing series is not allowed for set operators"
        if is_scalar(node.lhs) or is_scalar(node.rhs):
            return "filling in missing series is only allowed between instant vectors"
    return ""


def _number_for_vector(call: Any) -> str:
    """Return that a function of series is given a number; the parser allows logarithms.

    Of what is not positive: it has a message of its own for these, which never comes.
    """
    types = [str(arg_type) for arg_type in call.func.arg_types]
    for kind, given in zip(types, call.args, strict=False):
        if kind.endswith(".Vector") and is_scalar(given):
            name = call.func.name
            return f"expected type vector in call to function {name!r}, got scalar"
    return ""


def _fills(node: Any) -> bool:
    values = getattr(node.modifier, "fill_values", None)
    return values is not None and (values.lhs, values.rhs) != (None, None)


def is_scalar(node: Any) -> bool:
    """Return whether an expression's value is a plain number."""
    if is_kind(node, "ParenExpr") or is_kind(node, "UnaryExpr"):
        return is_scalar(node.expr)
    if is_kind(node, "BinaryExpr"):
        return is_scalar(node.lhs) and is_scalar(node.rhs)
    if is_kind(node, "Call"):
        return str(node.func.return_type).endswith("Scalar")
    return is_kind(node, "NumberLiteral")


def is_kind(node: Any, kind: str) -> bool:
    """Return whether a node is of a class of the parser's, by its name."""
    return type(node).__name__ == kind


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
