"""What stands in files of others: queries in other languages, files as texts."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gameday.files.kind import mappings

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_LOGQL = re.compile(
    r"\}\s*(?:\|[=~>]|(?:!=|!~|!>)\s*(?:''|ip\s*\()"  # PromQL compares with no text
    r"|\|\s*(?:json|logfmt|regexp|pattern|unpack|unwrap|drop|keep"
    r"|line_format|label_format|decolorize|label_replace|\w+\s*(?:[=<>]|!=|!~)))"
    r"|\b(?:bytes_rate|bytes_over_time|rate_counter)\s*\("
)
_NAMED_METRIC = re.compile(r"[\w:]\s*[{\[]")
# Only what nobody writes by mistake for Prometheus: `median_over_time` is not among it.
_METRICSQL_FUNCTIONS = (
    r"(?:increase|delta|rate|changes)_prometheus|increase_pure|rollup\w*|histogram_share"
    r"|(?:count|share|sum)_(?:eq|gt|le|ne)_over_time|t(?:first|last|last_change|max|min)"
    r"_over_time|(?:ascent|descent|duration|stale_samples)_over_time"
    r"|range_(?:avg|first|last|linear_regression|mad|max|median|min|normalize|quantile"
    r"|std(?:dev|var)|sum|trim_(?:outliers|spikes|zscore)|zscore)"
    r"|running_(?:avg|max|min|sum)|(?:top|bottom)k_(?:avg|last|max|median|min)"
    r"|outliers(?:k|_iqr|_mad)|prometheus_buckets|buckets_limit|keep_(?:last|next)_value"
    r"|label_(?:copy|del|graphite_group|keep|lowercase|map|match|mismatch|move|set"
    r"|transform|uppercase|value)|labels_equal|drop_(?:common_labels|empty_series)"
    r"|default_rollup|smooth_exponential|hoeffding_bound_(?:lower|upper)|remove_resets"
    r"|deriv_fast|ideriv|sort_by_label_numeric(?:_desc)?|limit_offset|timezone_offset"
)
_METRICSQL = (  # compiled when rules are first asked about
    rf"(?<![\w:])(?:{_METRICSQL_FUNCTIONS})\s*(?:\(|by\b|without\b)"
    r"|[)\]}]\s*keep_metric_names\b|[)\]}]\s*(?:default|if|ifnot)\s+[\w(+-]"
    r"|\w\s+(?:default|if|ifnot)\s+[\d(]"
    r"|^\s*(?i:with)\s*\("
)
_JUDGED_KEY = re.compile(  # of a file that gameday would judge
    r"^[ \t]*(?:- )?[\"']?(?:alert|record|scrape_configs|rule_files|\w+_configs"
    r"|inhibit_rules|group_wait|steady-state-hypothesis|slos)[\"']?:",
    re.MULTILINE,
)


def are_logql(value: Mapping[str, Any]) -> bool:
    """Return whether more rules select log streams than metrics by their names.

    Loki's ruler writes what it records to a Prometheus, which sums of sums then read.
    """
    texts = _expressions(value)
    logs = [text for text in texts if _LOGQL.search(text)]
    metrics = [text for text in texts if _NAMED_METRIC.search(text)]
    return len(logs) > len(set(metrics) - set(logs))


def are_metricsql(value: Mapping[str, Any]) -> bool:
    """Return whether a rule has what only VictoriaMetrics understands."""
    return any(re.search(_METRICSQL, text) for text in _expressions(value))


def holds_files(kind: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return a test for objects of a kind that hold files which could be judged."""

    def fits(value: Mapping[str, Any]) -> bool:
        parts = (value.get("data"), value.get("stringData"))
        texts = [
            text for part in parts if isinstance(part, dict) for text in part.values()
        ]
        return value.get("kind") == kind and any(
            isinstance(text, str) and _JUDGED_KEY.search(text) for text in texts
        )

    return fits


def _expressions(value: Mapping[str, Any]) -> list[str]:
    """Return the expressions of plain rules, or a PrometheusRule's, without texts."""
    spec = value.get("spec") if value.get("kind") == "PrometheusRule" else value
    groups = mappings(spec.get("groups")) if isinstance(spec, Mapping) else []
    rules = [rule for group in groups for rule in mappings(group.get("rules"))]
    return [_QUOTED.sub("''", str(rule["expr"])) for rule in rules if "expr" in rule]
