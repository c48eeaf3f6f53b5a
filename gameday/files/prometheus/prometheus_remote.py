"""Where Prometheus 3.16 sends to and reads from: remote storage, traces, OTLP."""

import re

from gameday.files.prometheus.relabelling import RELABELLING
from gameday.files.prometheus.section_rules import more_than_nothing, required
from gameday.files.text import http_client
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    Shape,
    any_url,
    at_least_one,
    at_most_one,
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
    whole,
)
from gameday.files.text.suggest import among
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import shown

_RESERVED = {
    *("host", "content-encoding", "content-length", "content-type", "user-agent"),
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("www-authenticate", "accept-encoding", "x-prometheus-remote-write-version"),
    *("x-prometheus-remote-read-version", "x-amz-date", "x-amz-security-token"),
    "x-amz-content-sha256",
}
_UUID = re.compile(
    r"(?:urn:uuid:)?\{?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}\}?", re.IGNORECASE
)


def _headers(here: Cursor) -> None:
    texts(here)
    for name, value in here.entries():
        if name.lower() == "authorization":
            value.error("cannot be set here; write authorization", code="value")
        elif name.lower() in _RESERVED:
            value.error("is a header that Prometheus sets itself", code="value")


def _signature(here: Cursor) -> None:
    if is_set(here, "access_key") != is_set(here, "secret_key"):
        message = "access_key and secret_key are set together; one of them is missing"
        here.error(message, code="missing-key")
    for key in ("external_id", "session_name", "tags"):
        if is_set(here, key) and not is_set(here, "role_arn"):
            here.error(f"{key} needs a role_arn", key, code="missing-key")
    name = here.text("session_name")
    if name and not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
        message = f"{shown(name)} is no name of 2 to 64 letters, digits and +=,.@-"
        here.error(message, "session_name", code="value")


SIGNATURE = record(
    {
        **dict.fromkeys(("region", "access_key", "secret_key", "profile"), text),
        **dict.fromkeys(("role_arn", "external_id", "session_name"), text),
        "tags": texts,
        "use_fips_sts_endpoint": flag,
        "service_name": text,
    },
    _signature,
)


def _identified(here: Cursor) -> None:
    value = here.value.get("client_id")
    if isinstance(value, str) and value and not _UUID.fullmatch(value):
        here.error(f"{shown(value)} is no UUID", "client_id", code="value")


_WAYS = ("managed_identity", "workload_identity", "oauth", "sdk", "certificate")


def _one_way(here: Cursor) -> None:
    ways = [key for key in _WAYS if here.get(key) is not None]
    if len(ways) != 1:
        told = f"{among(ways, 'and')} are both set" if ways else "none is set"
        message = f"expected one of {among(_WAYS)}; {told}"
        here.error(message, code="exclusive-keys" if ways else "missing-key")


_AZURE = record(
    {
        "managed_identity": record({"client_id": text}, _identified),
        "workload_identity": record(
            dict.fromkeys(("client_id", "tenant_id", "token_file_path"), text),
            required("client_id", "tenant_id"),
            _identified,
        ),
        "oauth": record(
            dict.fromkeys(("client_id", "client_secret", "tenant_id"), text),
            required("client_id", "client_secret", "tenant_id"),
            _identified,
        ),
        "sdk": record({"tenant_id": text}),
        "certificate": record(
            {
                **dict.fromkeys(("client_id", "tenant_id", "certificate_path"), text),
                **dict.fromkeys(("certificate_key_path", "certificate_password"), text),
                "send_certificate_chain": flag,
            },
            required("client_id", "tenant_id", "certificate_path"),
            _identified,
        ),
        "cloud": one_of("", "AzurePublic", "AzureChina", "AzureGovernment"),
        "scope": text,
    },
    _one_way,
)
_SIGNERS = {
    "sigv4": SIGNATURE,
    "azuread": _AZURE,
    "google_iam": record({"credentials_file": text}),
}


def one_signer(*signers: str) -> Shape:
    """Return the rule that at most one way of authentication is there."""

    def judge(here: Cursor) -> None:
        ways = ("basic_auth", "authorization", "oauth2", *signers)
        given = [key for key in ways if here.get(key) is not None]
        given += [key for key in http_client.BEARER if is_set(here, key)]
        if len(given) > 1 and set(given) & set(signers):
            message = f"{among(given, 'and')} are both set; keep one of them"
            here.error(message, given[-1], code="exclusive-keys")

    return judge


def _address(here: Cursor) -> None:
    """Refuse a section without a URL; an empty one is taken, and leads nowhere."""
    url = here.get("url")
    if url is None:
        here.error("url is required and missing", code="missing-key")
    elif url.value == "":
        message = "is empty: Prometheus takes it, and reaches nobody"
        here.warn(message, "url", code="value")


def _number(here: Cursor, key: str, default: int) -> int:
    try:
        return int(str(here.value.get(key, default)), 0)
    except ValueError:  # told by its shape
        return default


def _seconds(here: Cursor, key: str, default: float) -> float:
    try:
        return parse_prometheus_duration(str(here.value.get(key, "")))
    except ValueError:
        return default


def _queue(here: Cursor) -> None:
    if _number(here, "min_shards", 1) > _number(here, "max_shards", 50):
        here.error("is more than max_shards", "min_shards", code="value")
    if _seconds(here, "max_backoff", 5.0) < _seconds(here, "min_backoff", 0.03):
        here.error("is less than min_backoff", "max_backoff", code="value")


_POSITIVE = ("capacity", "max_shards", "min_shards", "max_samples_per_send")
_QUEUE = record(
    {
        **dict.fromkeys(_POSITIVE, whole),
        **dict.fromkeys(
            ("batch_send_deadline", "min_backoff", "max_backoff"), duration
        ),
        "sample_age_limit": duration,
        "retry_on_http_429": flag,
    },
    *(more_than_nothing(key, "number") for key in _POSITIVE),
    _queue,
)
WRITE = record(
    {
        **http_client.FIELDS,
        **_SIGNERS,
        "url": any_url,
        "remote_timeout": duration,
        "headers": _headers,
        "write_relabel_configs": RELABELLING,
        "name": text,
        "protobuf_message": one_of(
            "prometheus.WriteRequest", "io.prometheus.write.v2.Request"
        ),
        **dict.fromkeys(("send_exemplars", "send_native_histograms"), flag),
        **dict.fromkeys(("round_robin_dns", "convert_nhcb_to_classic"), flag),
        "failed_request_logging": flag,
        "queue_config": _QUEUE,
        "metadata_config": record(
            {"send": flag, "send_interval": duration, "max_samples_per_send": whole}
        ),
    },
    _address,
    http_client.authentication,
    one_signer(*_SIGNERS),
    http_client.proxy,
)
READ = record(
    {
        **http_client.FIELDS,
        "url": any_url,
        "remote_timeout": duration,
        "chunked_read_limit": count,
        "headers": _headers,
        "read_recent": flag,
        "name": text,
        "required_matchers": texts,
        "filter_external_labels": flag,
    },
    _address,
    http_client.authentication,
    http_client.proxy,
)
TRACING = record(
    {
        "client_type": one_of("http", "grpc"),
        "endpoint": text,
        "compression": one_of("", "gzip"),
        "sampling_fraction": number,
        "insecure": flag,
        "tls_config": http_client.TLS,
        "headers": _headers,
        "timeout": duration,
    },
    at_least_one("endpoint"),
)


def _attributes(here: Cursor) -> None:
    """Judge which resource attributes become labels."""
    every = (here.text("promote_all_resource_attributes") or "").lower()
    promoted, ignored = "promote_resource_attributes", "ignore_resource_attributes"
    if every in ("true", "yes", "on", "y"):
        at_most_one(promoted, "promote_all_resource_attributes")(here)
        _distinct(here, ignored)
    else:
        if here.value.get(ignored):
            message = f"{ignored} needs promote_all_resource_attributes: true"
            here.error(message, ignored, code="missing-key")
        _distinct(here, promoted)


def _distinct(here: Cursor, key: str) -> None:
    seen: set[str] = set()
    for item in here.list_of(key):
        name = str(item.value or "").strip()
        if not name:
            item.error("is empty; expected an attribute's name", code="value")
        elif name in seen:
            item.error(f"{name!r} is there twice; remove one", code="duplicate-name")
        seen.add(name)


OTLP = record(
    {
        **dict.fromkeys(
            (
                *("promote_all_resource_attributes", "promote_scope_metadata"),
                *("keep_identifying_resource_attributes", "convert_histograms_to_nhcb"),
                "label_name_underscore_sanitization",
                "label_name_preserve_multiple_underscores",
            ),
            flag,
        ),
        "promote_resource_attributes": listing(text),
        "ignore_resource_attributes": listing(text),
        "translation_strategy": one_of(
            *("", "UnderscoreEscapingWithSuffixes", "NoTranslation"),
            *("UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes"),
        ),
    },
    _attributes,
)
