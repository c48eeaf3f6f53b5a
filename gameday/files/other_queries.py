"""Rules in query languages beside PromQL, told by their expressions."""

import re
from collections.abc import Mapping
from typing import Any

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_LOGQL = re.compile(
    r"\}\s*(?:\|[=~>]|!=|!~|!>|\|\s*(?:json|logfmt|regexp|pattern|unpack|unwrap|drop|keep"
    r"|line_format|label_format|decolorize|label_replace|\w+\s*(?:[=<>]|!=|!~)))"
    r"|\b(?:bytes_rate|bytes_over_time|rate_counter)\s*\("
)
_NAMED_METRIC = re.compile(r"[\w:]\s*[{\[]")


def are_logql(value: Mapping[str, Any]) -> bool:
    """Return whether the rules' expressions select log streams, and no metric."""
    groups = _mappings(value.get("groups"))
    rules = [rule for group in groups for rule in _mappings(group.get("rules"))]
    texts = [_QUOTED.sub("''", str(rule.get("expr"))) for rule in rules]
    return any(_LOGQL.search(text) for text in texts) and not any(
        _NAMED_METRIC.search(text) and not _LOGQL.search(text) for text in texts
    )


def _mappings(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]
