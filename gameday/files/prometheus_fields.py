"""The keys of a Prometheus configuration, as of Prometheus 3.16, and how they fit.

Judged as Prometheus judges it when it loads one.
"""

import re

from gameday.files import http_client, shapes
from gameday.files.cursor import Cursor, shown
from gameday.files.prometheus_discovery import SOURCES
from gameday.files.shapes import (
    Fields,
    anything,
    at_least_one,
    count,
    duration,
    flag,
    is_set,
    listing,
    number,
    one_of,
    record,
    text,
    texts,
)
from gameday.files.suggest import did_you_mean
from gameday.model import regex

_SIZE = re.compile(r"0|\d+(?:\.\d+)?\s*(?:[KMGTPE]i?)?B", re.IGNORECASE)


def _size(here: Cursor) -> None:
    text(here)
    if isinstance(here.value, str) and not _SIZE.fullmatch(here.value):
        here.error(f"{shown(here.value)} is not a size such as 10MB", code="value")


_ACTIONS = (
    *("replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep"),
    *("lowercase", "uppercase", "keepequal", "dropequal"),
)
_NEED_TARGET = (
    "replace",
    "hashmod",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
)
_REST = ("modulus", "separator", "replacement")
_TOO_MUCH = {
    **dict.fromkeys(
        ("labeldrop", "labelkeep"), ("source_labels", "target_label", *_REST)
    ),
    **dict.fromkeys(("keepequal", "dropequal"), ("regex", *_REST)),
    **dict.fromkeys(("lowercase", "uppercase"), ("replacement",)),
}


def _expression(here: Cursor) -> None:
    text(here)
    try:
        regex.compiled(str(here.value))
    except regex.RegexError as error:
        message = f"{shown(here.value)} is no regular expression of RE2: {error}"
        here.error(message, code="value")


def _action(here: Cursor) -> None:
    """Judge what an action of relabelling needs."""
    action = (here.text("action") or "replace").lower()
    if action not in _ACTIONS:
        message = f"{shown(action)} is no action{did_you_mean(action, _ACTIONS)}"
        here.error(message, "action", code="unknown-value")
    elif action in _NEED_TARGET and not is_set(here, "target_label"):
        message = f"target_label is required for {action} and missing"
        here.error(message, code="missing-key")
    for key in _TOO_MUCH.get(action, ()):
        if here.get(key) is not None:
            here.error(f"{key} has no meaning for {action}; remove it", key)
    if action == "hashmod" and (here.text("modulus") or "0") == "0":
        here.error("modulus is required for hashmod and missing", code="missing-key")


RELABELLING = listing(
    record(
        {
            "source_labels": listing(text),
            **dict.fromkeys(("separator", "target_label", "replacement"), text),
            "action": text,
            "regex": _expression,
            "modulus": count,
        },
        _action,
    ),
    nulls=False,
)
_PROTOCOL = one_of(
    *("PrometheusProto", "PrometheusText0.0.4", "PrometheusText1.0.0"),
    *("OpenMetricsText0.0.1", "OpenMetricsText1.0.0"),
)


def _protocols(here: Cursor) -> None:
    """Judge a list of protocols: none of them twice."""
    seen: set[str] = set()
    for item in here.items():
        _PROTOCOL(item)
        name = str(item.value)
        if name in seen:
            item.error(f"{name!r} is there twice; remove one", code="duplicate-name")
        seen.add(name)


def _percentage(here: Cursor) -> None:
    number(here)
    try:
        inside = 0 <= float(here.value) <= _MOST
    except (TypeError, ValueError):
        return
    if not inside:
        message = f"{shown(here.value)} is not at least 0 and at most 100"
        here.error(message, code="value")


_MOST = 100.0  # percent
_LIMITS: Fields = {
    "body_size_limit": _size,
    **dict.fromkeys(
        (
            *("sample_limit", "target_limit", "label_limit", "label_name_length_limit"),
            *("label_value_length_limit", "keep_dropped_targets"),
        ),
        count,
    ),
    "scrape_interval": duration,
    "scrape_timeout": duration,
    "scrape_protocols": _protocols,
    "scrape_failure_log_file": text,
    "scrape_native_histograms": flag,
    "convert_classic_histograms_to_nhcb": flag,
    "always_scrape_classic_histograms": flag,
    "extra_scrape_metrics": flag,
    "metric_name_validation_scheme": one_of("", "legacy", "utf8"),
    "metric_name_escaping_scheme": text,
}
_GLOBAL = record(
    {
        **_LIMITS,
        "evaluation_interval": duration,
        "rule_query_offset": duration,
        "query_log_file": text,
        "query_max_series": count,
        "query_max_samples_read": count,
        "query_max_duration": duration,
        "external_labels": texts,
    }
)


def _hosts(here: Cursor) -> None:
    """Refuse addresses with a path where no relabelling takes it apart."""
    if here.value.get("relabel_configs"):
        return
    for group in here.list_of("static_configs"):
        if not isinstance(group.value, dict):
            continue
        for target in group.list_of("targets"):
            if isinstance(target.value, str) and "/" in target.value:
                message = f"{shown(target.value)} is not HOST:PORT"
                target.error(message, code="value")


_JOB = record(
    {
        **_LIMITS,
        **SOURCES,
        **http_client.FIELDS,
        **dict.fromkeys(("job_name", "metrics_path", "scheme"), text),
        "fallback_scrape_protocol": _PROTOCOL,
        "params": anything,
        **dict.fromkeys(
            ("honor_labels", "honor_timestamps", "enable_compression"), flag
        ),
        "track_timestamps_staleness": flag,
        "scrape_classic_histograms": flag,
        "native_histogram_bucket_limit": count,
        "native_histogram_min_bucket_factor": number,
        "relabel_configs": RELABELLING,
        "metric_relabel_configs": RELABELLING,
    },
    http_client.authentication,
    http_client.proxy,
    _hosts,
)
_SIGNERS = dict.fromkeys(("sigv4", "azuread", "google_iam"), anything)
_ALERTMANAGER = record(
    {
        **SOURCES,
        **http_client.FIELDS,
        "sigv4": anything,
        "scheme": text,
        "path_prefix": text,
        "timeout": duration,
        "api_version": one_of("v1", "v2"),
        "relabel_configs": RELABELLING,
        "alert_relabel_configs": RELABELLING,
    },
    http_client.authentication,
    http_client.proxy,
    _hosts,
)
_WRITE = record(
    {
        **http_client.FIELDS,
        **_SIGNERS,
        "url": text,
        "remote_timeout": duration,
        "headers": texts,
        "write_relabel_configs": RELABELLING,
        "name": text,
        "protobuf_message": text,
        **dict.fromkeys(("send_exemplars", "send_native_histograms"), flag),
        **dict.fromkeys(("round_robin_dns", "convert_nhcb_to_classic"), flag),
        "failed_request_logging": anything,
        "queue_config": record(
            {
                **dict.fromkeys(("capacity", "max_shards", "min_shards"), count),
                "max_samples_per_send": count,
                **dict.fromkeys(
                    (
                        *("batch_send_deadline", "min_backoff", "max_backoff"),
                        "sample_age_limit",
                    ),
                    duration,
                ),
                "retry_on_http_429": flag,
            }
        ),
        "metadata_config": record(
            {"send": flag, "send_interval": duration, "max_samples_per_send": count}
        ),
    },
    at_least_one("url"),
    http_client.proxy,
)
_READ = record(
    {
        **http_client.FIELDS,
        "url": text,
        "remote_timeout": duration,
        "chunked_read_limit": count,
        "headers": texts,
        "read_recent": flag,
        "name": text,
        "required_matchers": texts,
        "filter_external_labels": flag,
    },
    at_least_one("url"),
    http_client.proxy,
)
_STORAGE = record(
    {
        "tsdb": record(
            {
                "out_of_order_time_window": duration,
                "stale_series_compaction_threshold": number,
                "chunk_encoding": record({"floats": one_of("", "xor", "xor2")}),
                "retention": record(
                    {"time": duration, "size": _size, "percentage": _percentage}
                ),
            }
        ),
        "exemplars": record({"max_exemplars": shapes.whole}),
    }
)


def _rule_path(here: Cursor) -> None:
    text(here)
    if isinstance(here.value, str) and not re.fullmatch(r"[^*]*(\*[^/]*)?", here.value):
        message = f"{shown(here.value)} has a * before its last part"
        here.error(message, code="value")


CONFIG: Fields = {
    "global": _GLOBAL,
    "runtime": record({"gogc": shapes.whole, "log_level": text}),
    "alerting": record(
        {
            "alert_relabel_configs": RELABELLING,
            "alertmanagers": listing(_ALERTMANAGER),
        }
    ),
    "rule_files": listing(_rule_path),
    "scrape_config_files": listing(_rule_path),
    "scrape_configs": listing(_JOB, nulls=False),
    "storage": _STORAGE,
    "tracing": record(
        {
            "client_type": one_of("http", "grpc"),
            **dict.fromkeys(("endpoint", "compression"), text),
            "sampling_fraction": number,
            "insecure": flag,
            "tls_config": http_client.TLS,
            "headers": texts,
            "timeout": duration,
        },
        at_least_one("endpoint"),
    ),
    "remote_write": listing(_WRITE, nulls=False),
    "remote_read": listing(_READ, nulls=False),
    "otlp": record(
        {
            **dict.fromkeys(
                (
                    *("promote_all_resource_attributes", "promote_scope_metadata"),
                    *("keep_identifying_resource_attributes",),
                    *(
                        "convert_histograms_to_nhcb",
                        "label_name_underscore_sanitization",
                    ),
                    *("label_name_preserve_multiple_underscores",),
                ),
                flag,
            ),
            "promote_resource_attributes": listing(text),
            "ignore_resource_attributes": listing(text),
            "translation_strategy": one_of(
                *("", "UnderscoreEscapingWithSuffixes", "NoTranslation"),
                *("UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes"),
            ),
        }
    ),
}


def judge(here: Cursor) -> None:
    """Judge a whole configuration."""
    shapes.known_fields(here, CONFIG)
    for key in ("scrape_configs", "remote_write", "remote_read"):
        _names(here, key)


def _names(here: Cursor, key: str) -> None:
    named = "job_name" if key == "scrape_configs" else "name"
    seen: set[str] = set()
    for item in here.list_of(key):
        name = item.value.get(named) if isinstance(item.value, dict) else None
        if isinstance(name, str) and name and name in seen:
            message = f"{named} {name!r} is used twice; rename one"
            item.error(message, named, code="duplicate-name")
        seen.add(str(name))
