"""Service discovery of clouds and registries, as Prometheus 3.16 reads its sections."""

import re
from collections.abc import Mapping

from gameday.files.prometheus.section_rules import (
    filled,
    more_than_nothing,
    required,
    with_address,
)
from gameday.files.text import http_client
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    Fields,
    Shape,
    at_least_one,
    at_most_one,
    duration,
    flag,
    is_set,
    listing,
    one_of,
    record,
    text,
    whole,
)
from gameday.files.text.suggest import among
from gameday.model.quoting import shown

_HTTP = (http_client.authentication, http_client.proxy)
_REFRESH: Fields = {"refresh_interval": duration}
_POLLED: Fields = {**_REFRESH, "port": whole}
_FILTERS = listing(record({"name": text, "values": listing(text)}))


def _texts(*names: str) -> Fields:
    return dict.fromkeys(names, text)


def _over_http(fields: Fields, *rules: Shape) -> Shape:
    return record({**http_client.FIELDS, **fields}, *rules, *_HTTP)


def _paths(here: Cursor) -> None:
    for item in here.list_of("paths"):
        if isinstance(item.value, str) and not item.value.startswith("/"):
            message = f"{shown(item.value)} does not begin with /"
            item.error(message, code="value")


_ZOOKEEPER = record(
    {"servers": listing(text), "paths": listing(text), "timeout": duration},
    required("servers", "paths"),
    _paths,
)
_AMAZON: Fields = {
    **_POLLED,
    **_texts("region", "endpoint", "access_key", "secret_key", "profile"),
    **_texts("role_arn", "external_id"),
}
_PARALLEL: Fields = {
    **_AMAZON,
    "clusters": listing(text),
    "request_concurrency": whole,
}
_AMAZON_ROLES = ("ec2", "ecs", "elasticache", "lightsail", "msk", "rds")
_SOME = more_than_nothing("request_concurrency", "number")


def _values(here: Cursor) -> None:
    """Refuse filters without values."""
    for item in here.list_of("filters"):
        if isinstance(item.value, dict) and not item.value.get("values"):
            item.error("values is required and missing", code="missing-key")


def _azure(here: Cursor) -> None:
    if (here.text("authentication_method") or "OAuth") == "OAuth":
        required("tenant_id", "client_id", "client_secret")(here)


_KEYS = ("tenancy", "user", "fingerprint", "key_file")


def _oracle(here: Cursor) -> None:
    if (here.text("auth") or "api_key") == "api_key":
        required(*_KEYS)(here)
        at_most_one("key_passphrase", "key_passphrase_file")(here)
        return
    for key in (*_KEYS, "key_passphrase", "key_passphrase_file"):
        if is_set(here, key):
            message = f"{key} has no meaning for instance_principal; remove it"
            here.error(message, key, code="exclusive-keys")


def _marathon(here: Cursor) -> None:
    ways = [key for key in ("auth_token", "auth_token_file") if is_set(here, key)]
    others = ("basic_auth", "bearer_token", "bearer_token_file", "authorization")
    given = ways + [key for key in others if here.get(key) is not None and ways]
    if len(given) > 1:
        message = f"{among(given, 'and')} are both set; keep one of them"
        here.error(message, given[0], code="exclusive-keys")


_UUID = re.compile(r"[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12}", re.ASCII)
_SCALEWAY = {
    "access_key": re.compile(
        r"SCW[A-Z0-9]{17}(@[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12})?"
    ),
    "secret_key": _UUID,
    "project_id": _UUID,
    "zone": re.compile(r"[a-z]{2}-[a-z]{3,7}-\d{1,2}", re.ASCII),
}


def _scaleway(here: Cursor) -> None:
    for key, expression in _SCALEWAY.items():
        value = here.value.get(key)
        if isinstance(value, str) and value and not expression.fullmatch(value):
            here.error(f"{key} has not Scaleway's form", key, code="value")


def _stackit(here: Cursor) -> None:
    endpoint = here.value.get("endpoint")
    if isinstance(endpoint, str) and endpoint.startswith(":"):
        here.error(f"{shown(endpoint)} has no scheme", "endpoint", code="value")
    if here.value.get("region") == "":
        at_least_one("endpoint", "region")(here)


CLOUDS: Mapping[str, Shape] = {
    "aws": _over_http(
        {
            **_AMAZON,
            "role": one_of(*_AMAZON_ROLES),
            "filters": _FILTERS,
            "clusters": listing(text),
        },
        required("role"),
    ),
    "ec2": _over_http({**_AMAZON, "filters": _FILTERS}, _values),
    "ecs": _over_http(_PARALLEL, _SOME),
    "elasticache": _over_http(_PARALLEL, _SOME),
    "lightsail": _over_http(_AMAZON),
    "msk": _over_http(_PARALLEL, _SOME),
    "rds": _over_http({**_PARALLEL, "filters": _FILTERS}, _SOME),
    "azure": _over_http(
        {
            **_POLLED,
            **_texts("environment", "subscription_id", "tenant_id", "client_id"),
            **_texts("client_secret", "resource_group"),
            "authentication_method": one_of(
                "OAuth", "ManagedIdentity", "SDK", "WorkloadIdentity"
            ),
        },
        required("subscription_id"),
        _azure,
    ),
    "digitalocean": _over_http({**_POLLED, "role": one_of("droplets", "databases")}),
    "eureka": _over_http(
        {**_REFRESH, "server": text}, required("server"), with_address("server")
    ),
    "gce": record(
        {**_POLLED, **_texts("project", "zone", "filter", "tag_separator")},
        required("project", "zone"),
    ),
    "hetzner": _over_http(
        {**_POLLED, "role": one_of("robot", "hcloud"), "label_selector": text},
        required("role"),
    ),
    "ionos": _over_http({**_POLLED, "datacenter_id": text}, required("datacenter_id")),
    "kuma": _over_http(
        {**_REFRESH, "fetch_timeout": duration, **_texts("server", "client_id")},
        required("server"),
        with_address("server"),
    ),
    "linode": _over_http({**_POLLED, **_texts("tag_separator", "region")}),
    "marathon": _over_http(
        {
            **_REFRESH,
            "servers": listing(text),
            **_texts("auth_token", "auth_token_file"),
        },
        required("servers"),
        _marathon,
    ),
    "nerve": _ZOOKEEPER,
    "nomad": _over_http(
        {
            **_REFRESH,
            "allow_stale": flag,
            **_texts("namespace", "region", "server", "tag_separator"),
        },
        filled("server"),
    ),
    "oci": _over_http(
        {
            **_POLLED,
            **_texts(*_KEYS, "key_passphrase", "key_passphrase_file", "region"),
            "auth": one_of("api_key", "instance_principal"),
            "compartments": listing(text),
        },
        required("region"),
        _oracle,
        more_than_nothing("refresh_interval", "duration"),
    ),
    "openstack": record(
        {
            **_POLLED,
            **_texts("identity_endpoint", "username", "userid", "password"),
            **_texts("project_name", "project_id", "domain_name", "domain_id"),
            **_texts("application_credential_name", "application_credential_id"),
            **_texts("application_credential_secret", "region"),
            "role": one_of("instance", "hypervisor", "loadbalancer"),
            "all_tenants": flag,
            "tls_config": http_client.TLS,
            "availability": one_of("public", "internal", "admin"),
        },
        required("role", "region"),
    ),
    "outscale": _over_http(
        {
            **_POLLED,
            **_texts("endpoint", "region", "access_key", "secret_key"),
            "secret_key_file": text,
        },
        required("region", "access_key"),
        at_least_one("secret_key", "secret_key_file"),
        at_most_one("secret_key", "secret_key_file"),
    ),
    "ovhcloud": record(
        {
            **_REFRESH,
            **_texts("endpoint", "application_key", "application_secret"),
            "consumer_key": text,
            "service": one_of("dedicated_server", "vps"),
        },
        required("application_key", "application_secret", "consumer_key", "service"),
        filled("endpoint"),
    ),
    "puppetdb": _over_http(
        {**_POLLED, **_texts("url", "query"), "include_parameters": flag},
        required("url", "query"),
        with_address("url", "http", "https"),
    ),
    "scaleway": _over_http(
        {
            **_POLLED,
            **_texts("project_id", "api_url", "zone", "access_key", "secret_key"),
            **_texts("secret_key_file", "name_filter"),
            "tags_filter": listing(text),
            "role": one_of("instance", "baremetal"),
        },
        required("role", "project_id", "access_key"),
        at_least_one("secret_key", "secret_key_file"),
        at_most_one("secret_key", "secret_key_file"),
        _scaleway,
    ),
    "serverset": _ZOOKEEPER,
    "stackit": _over_http(
        {
            **_POLLED,
            **_texts("project", "region", "endpoint", "service_account_key"),
            **_texts("private_key", "service_account_key_path", "private_key_path"),
            "credentials_file_path": text,
        },
        _stackit,
    ),
    "triton": record(
        {
            **_POLLED,
            **_texts("account", "dns_suffix", "endpoint"),
            "role": one_of("container", "cn"),
            "groups": listing(text),
            "tls_config": http_client.TLS,
            "version": whole,
        },
        required("account", "dns_suffix", "endpoint"),
        more_than_nothing("refresh_interval", "duration"),
    ),
    "uyuni": _over_http(
        {
            **_REFRESH,
            **_texts("server", "username", "password", "entitlement", "separator"),
        },
        required("server", "username", "password"),
    ),
    "vultr": _over_http(_POLLED),
}
