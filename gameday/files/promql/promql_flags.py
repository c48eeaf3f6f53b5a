"""Functions and modifiers that Prometheus has only behind a flag of its own."""

FILLS = ("fill", "fill_left", "fill_right")
_EXPERIMENTAL = frozenset(
    (
        *("start", "end", "step", "range", "max_of", "min_of", "info", "integral"),
        *("histogram_quantiles", "double_exponential_smoothing", "mad_over_time"),
        *("ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time"),
        *("ts_of_min_over_time", "sort_by_label", "sort_by_label_desc"),
        *("start_timestamp", "limitk", "limit_ratio"),
    )
)


def needed(name: str) -> str:
    """Return what a call of that name needs of Prometheus; empty: nothing."""
    if name in FILLS:
        flag = "promql-binop-fill-modifiers"
    elif name in _EXPERIMENTAL:
        flag = "promql-experimental-functions"
    else:
        return ""
    return f"{name}() needs Prometheus with --enable-feature={flag}"
