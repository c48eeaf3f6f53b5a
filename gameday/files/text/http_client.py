"""`http_config`: how Prometheus and Alertmanager call others. One schema for both."""

from gameday.files.text import shapes
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    at_least_one,
    at_most_one,
    flag,
    is_set,
    listing,
    one_of,
    record,
    text,
    texts,
)

_VERSION = one_of("TLS10", "TLS11", "TLS12", "TLS13")


def _pair(here: Cursor) -> None:
    certificate = any(is_set(here, key) for key in ("cert", "cert_file", "cert_ref"))
    key = any(is_set(here, name) for name in ("key", "key_file", "key_ref"))
    if certificate != key:
        message = "a certificate and its key are set together; one of them is missing"
        here.error(message, code="missing-key")


TLS = record(
    {
        **dict.fromkeys(("ca", "cert", "key", "server_name"), text),
        **dict.fromkeys(("ca_file", "cert_file", "key_file"), text),
        **dict.fromkeys(("ca_ref", "cert_ref", "key_ref"), text),
        "insecure_skip_verify": flag,
        "min_version": _VERSION,
        "max_version": _VERSION,
    },
    at_most_one("ca", "ca_file", "ca_ref"),
    at_most_one("cert", "cert_file", "cert_ref"),
    at_most_one("key", "key_file", "key_ref"),
    _pair,
)


# Those that Prometheus and Alertmanager set by themselves, in small letters.
_RESERVED = frozenset(
    (
        *("authorization", "host", "content-encoding", "content-length"),
        *("content-type", "user-agent", "connection", "keep-alive"),
        *("proxy-authenticate", "proxy-authorization", "www-authenticate"),
        *("accept-encoding", "x-prometheus-remote-write-version"),
        *("x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds"),
        *("x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    )
)


def headers(here: Cursor) -> None:
    """Names of headers, each with values, secrets or files."""
    value = record(dict.fromkeys(("values", "secrets", "files"), listing(text)))
    for name, header in here.entries():
        if name.lower() in _RESERVED:
            message = f"{name!r} is set by the program itself; remove it"
            header.error(message, code="value")
        if header.value is not None:
            value(header)


def _lists(here: Cursor) -> None:
    """Names, each with a list of texts."""
    for _, values in here.entries():
        if values.value is not None:
            listing(text)(values)


PROXY = {
    "proxy_url": shapes.any_url,
    "no_proxy": text,
    "proxy_from_environment": flag,
    "proxy_connect_header": _lists,
}


def proxy(here: Cursor) -> None:
    """Judge how the keys of a proxy go together."""
    environment = (here.text("proxy_from_environment") or "false").lower() == "true"
    has_url = is_set(here, "proxy_url")
    if here.value.get("proxy_connect_header") and not (environment or has_url):
        message = "needs a proxy_url, or proxy_from_environment"
        here.error(message, "proxy_connect_header", code="missing-key")
    if environment and has_url:
        message = "proxy_from_environment and proxy_url are both set; keep one of them"
        here.error(message, "proxy_url", code="exclusive-keys")
    if environment and is_set(here, "no_proxy"):
        message = "no_proxy beside proxy_from_environment has no meaning; remove it"
        here.error(message, "no_proxy", code="exclusive-keys")
    elif is_set(here, "no_proxy") and not has_url:
        here.error("no_proxy needs a proxy_url", "no_proxy", code="missing-key")


_BASIC = record(
    dict.fromkeys(
        (
            *("username", "username_file", "username_ref"),
            *("password", "password_file", "password_ref"),
        ),
        text,
    ),
    at_most_one("username", "username_file", "username_ref"),
    at_most_one("password", "password_file", "password_ref"),
)


def _not_basic(here: Cursor) -> None:
    if here.text("type").strip().lower() == "basic":
        message = "an authorization cannot be basic; write basic_auth"
        here.error(message, "type", code="value")


_AUTHORIZATION = record(
    dict.fromkeys(("type", "credentials", "credentials_file", "credentials_ref"), text),
    at_most_one("credentials", "credentials_file", "credentials_ref"),
    _not_basic,
)
_OAUTH2 = record(
    {
        **dict.fromkeys(("client_id", "client_secret", "client_secret_file"), text),
        **dict.fromkeys(("client_secret_ref", "token_url", "grant_type", "iss"), text),
        **dict.fromkeys(("client_certificate_key", "client_certificate_key_id"), text),
        **dict.fromkeys(("client_certificate_key_file", "audience"), text),
        **dict.fromkeys(("client_certificate_key_ref", "signature_algorithm"), text),
        "claims": shapes.anything,
        "scopes": listing(text),
        "endpoint_params": texts,
        "tls_config": TLS,
        **PROXY,
    },
    at_least_one("client_id"),
    at_least_one("token_url"),
    at_most_one("client_secret", "client_secret_file", "client_secret_ref"),
    proxy,
)
BEARER = ("bearer_token", "bearer_token_file")


def authentication(here: Cursor) -> None:
    """Refuse two ways of authentication at once."""
    ways = ["basic_auth", "oauth2", "authorization"]
    given = [key for key in ways if here.get(key) is not None]
    given += [key for key in BEARER if is_set(here, key)]
    if len(given) > 1:
        message = f"{' and '.join(given)} are both set; keep one of them"
        here.error(message, given[0], code="exclusive-keys")


FIELDS: shapes.Fields = {
    "basic_auth": _BASIC,
    "authorization": _AUTHORIZATION,
    "oauth2": _OAUTH2,
    **dict.fromkeys(BEARER, text),
    "tls_config": TLS,
    "follow_redirects": flag,
    "enable_http2": flag,
    "http_headers": headers,
    **PROXY,
}
CLIENT = record(FIELDS, authentication, proxy)
