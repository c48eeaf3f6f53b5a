"""The keys of a Prometheus configuration, as of Prometheus 3.16, and how they fit.

Judged as Prometheus judges it when it loads one.
"""

import re

from gameday.files.prometheus import static_targets
from gameday.files.prometheus.prometheus_discovery import SOURCES
from gameday.files.prometheus.prometheus_remote import (
    OTLP,
    READ,
    SIGNATURE,
    TRACING,
    WRITE,
    one_signer,
)
from gameday.files.prometheus.relabelling import RELABELLING
from gameday.files.text import http_client, shapes
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    Fields,
    count,
    duration,
    flag,
    listing,
    number,
    one_of,
    record,
    text,
    texts,
)
from gameday.model.quoting import shown

_SIZE = re.compile(r"0|\d+(?:\.\d+)?\s*(?:[KMGTPE]i?)?B", re.ASCII)


def _size(here: Cursor) -> None:
    text(here)
    if isinstance(here.value, str) and not _SIZE.fullmatch(here.value):
        here.error(f"{shown(here.value)} is not a size such as 10MB", code="value")


def _external_labels(here: Cursor) -> None:
    texts(here)
    for name, value in here.entries():
        if not name:
            value.error("'' is not a label's name", code="label-name")


def _parameters(here: Cursor) -> None:
    for _, values in here.entries():
        if values.value is not None:
            listing(text)(values)


def _classic(here: Cursor) -> None:
    flag(here)
    message = "is always_scrape_classic_histograms since Prometheus 3, which refuses it"
    here.warn(message, code="unknown-key")


def _version(here: Cursor) -> None:
    one_of("v1", "v2")(here)
    if here.value == "v1":
        here.warn("v1 is refused since Prometheus 3; remove it", code="unknown-value")


_PROTOCOL = one_of(
    *("PrometheusProto", "PrometheusText0.0.4", "PrometheusText1.0.0"),
    *("OpenMetricsText0.0.1", "OpenMetricsText1.0.0"),
)


def _protocols(here: Cursor) -> None:
    """Judge a list of protocols: none of them twice."""
    seen: set[str] = set()
    if not here.value:
        here.error("is empty; expected at least one protocol", code="value")
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
_VALIDATION, _ESCAPING = "metric_name_validation_scheme", "metric_name_escaping_scheme"
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
    _VALIDATION: one_of("", "legacy", "utf8"),
    _ESCAPING: one_of("", "allow-utf-8", "underscores", "dots", "values"),
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
        "external_labels": _external_labels,
    }
)


_JOB = record(
    {
        **_LIMITS,
        **SOURCES,
        **http_client.FIELDS,
        **dict.fromkeys(("job_name", "metrics_path", "scheme"), text),
        "fallback_scrape_protocol": _PROTOCOL,
        "params": _parameters,
        **dict.fromkeys(
            ("honor_labels", "honor_timestamps", "enable_compression"), flag
        ),
        "track_timestamps_staleness": flag,
        "scrape_classic_histograms": _classic,
        "native_histogram_bucket_limit": count,
        "native_histogram_min_bucket_factor": number,
        "relabel_configs": RELABELLING,
        "metric_relabel_configs": RELABELLING,
    },
    http_client.authentication,
    http_client.proxy,
    static_targets.of_job,
)
_ALERTMANAGER = record(
    {
        **SOURCES,
        **http_client.FIELDS,
        "sigv4": SIGNATURE,
        "scheme": text,
        "path_prefix": text,
        "timeout": duration,
        "api_version": _version,
        "relabel_configs": RELABELLING,
        "alert_relabel_configs": RELABELLING,
    },
    http_client.authentication,
    one_signer("sigv4"),
    http_client.proxy,
    static_targets.of_alertmanager,
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
    "tracing": TRACING,
    "remote_write": listing(WRITE, nulls=False),
    "remote_read": listing(READ, nulls=False),
    "otlp": OTLP,
}


_UTF8 = "allow-utf-8"


def _schemes(here: Cursor) -> None:
    """Refuse UTF-8 names where they are not valid, in general or for a job."""
    general = here.value.get("global")
    general = general if isinstance(general, dict) else {}
    legacy = general.get(_VALIDATION) == "legacy"
    inherited = general.get(_ESCAPING) or ("underscores" if legacy else _UTF8)
    for job in here.list_of("scrape_configs"):
        if not isinstance(job.value, dict):
            continue
        own = job.value.get(_VALIDATION) or ""
        scheme = job.value.get(_ESCAPING) or (
            inherited if not own else "underscores" if own == "legacy" else _UTF8
        )
        if scheme == _UTF8 and (own == "legacy" or (legacy and not own)):
            message = f"{_ESCAPING} {_UTF8} needs {_VALIDATION}: utf8"
            job.error(message, _ESCAPING, code="value")
    strategy = here.value.get("otlp")
    named = strategy.get("translation_strategy") if isinstance(strategy, dict) else ""
    if legacy and named in ("NoTranslation", "NoUTF8EscapingWithSuffixes"):
        message = f"translation_strategy {named} needs {_VALIDATION}: utf8"
        here.at("otlp").error(message, "translation_strategy", code="value")


def judge(here: Cursor) -> None:
    """Judge a whole configuration."""
    shapes.known_fields(here, CONFIG)
    _schemes(here)
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
