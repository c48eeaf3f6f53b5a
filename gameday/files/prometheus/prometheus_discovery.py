"""Where a Prometheus job finds its targets: static lists and service discovery."""

import re

from gameday.files.prometheus.kubernetes_selectors import (
    is_field_selector,
    is_label_selector,
)
from gameday.files.prometheus.prometheus_clouds import CLOUDS
from gameday.files.prometheus.section_rules import filled
from gameday.files.text import http_client
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    Fields,
    Shape,
    any_url,
    at_least_one,
    at_most_one,
    count,
    duration,
    flag,
    is_set,
    listing,
    one_of,
    record,
    text,
    texts,
    url,
)
from gameday.files.text.suggest import among
from gameday.model.quoting import shown

_ROLES = ("pod", "service", "endpoints", "endpointslice", "node", "ingress")
_SELECTORS = {
    **{role: (role,) for role in _ROLES},
    "pod": ("pod", "node"),
    "endpointslice": ("pod", "service", "endpointslice"),
    "endpoints": ("pod", "service", "endpoints"),
}
_FILE = re.compile(r"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)")


def _files(here: Cursor) -> None:
    if not here.list_of("files"):
        here.error("files is required and missing", code="missing-key")
    for item in here.list_of("files"):
        if isinstance(item.value, str) and not _FILE.fullmatch(item.value):
            message = f"{shown(item.value)} is no path of a YAML or JSON file"
            item.error(message, code="value")


def _records(here: Cursor) -> None:
    if not here.list_of("names"):
        here.error("names is required and missing", code="missing-key")
    kind = here.text("type") or "SRV"
    if kind.upper() not in ("SRV", "A", "AAAA", "MX", "NS"):
        message = f"{shown(kind)} is no type of record; expected SRV, A, AAAA, MX or NS"
        here.error(message, "type", code="unknown-value")
    elif kind.upper() != "SRV" and here.text("port") in ("", "0"):
        here.error(f"port is required for {kind} records", code="missing-key")


def _cluster(here: Cursor) -> None:
    """Judge how the parts of a Kubernetes discovery go together."""
    role = here.text("role", required=True)
    own = here.value.get("namespaces")
    is_own = isinstance(own, dict) and str(own.get("own_namespace")).lower() == "true"
    ways = [key for key in ("api_server", "kubeconfig_file") if is_set(here, key)]
    if ways and is_own:
        message = f"{ways[0]} and own_namespace are both set; keep one of them"
        here.error(message, ways[0], code="exclusive-keys")
    client = [
        key
        for key, value in here.value.items()
        if key in http_client.FIELDS and value is not None
    ]
    if client and "api_server" not in ways:
        message = f"{client[0]} needs an api_server"
        here.error(message, client[0], code="missing-key")
    seen: set[str] = set()
    for selector in here.list_of("selectors"):
        if isinstance(selector.value, dict):
            _selector(selector, role, seen)


def _selector(here: Cursor, role: str, seen: set[str]) -> None:
    """Judge one selector of a role; `seen`: the roles of those before it."""
    own, known = here.text("role"), _SELECTORS.get(role, ())
    if own in seen:
        message = f"there are two selectors of {shown(own)}; keep one of them"
        here.error(message, "role", code="duplicate-name")
    elif role and own not in known:
        taken = f"; expected {among(known)}" if known else " at all"
        message = f"the role {role} takes no selectors of {shown(own)}{taken}"
        here.error(message, "role" if own else "", code="value")
    seen.add(own)
    for key, fits in _SYNTAX.items():
        value = here.value.get(key)
        if isinstance(value, str) and not fits(value):
            here.error(f"{shown(value)} is no {key} selector", key, code="value")


_SYNTAX = {"label": is_label_selector, "field": is_field_selector}


def _consul(here: Cursor) -> None:
    """Refuse two ways of authentication at once."""
    own = [key for key in ("username", "password") if is_set(here, key)]
    others: tuple[str, ...] = ("basic_auth",) if own else ()
    if is_set(here, "token"):
        own, others = ["token"], ("authorization", "oauth2")
    for key in others:
        if here.get(key) is not None:
            message = f"{own[0]} and {key} are both set; keep one of them"
            here.error(message, key, code="exclusive-keys")


_FILTERS = listing(record({"name": text, "values": listing(text)}))
_DOCKER: Fields = {
    **http_client.FIELDS,
    "host": text,
    "port": count,
    "filters": _FILTERS,
    "refresh_interval": duration,
}
_KINDS: dict[str, Shape] = {
    "kubernetes": record(
        {
            **http_client.FIELDS,
            "api_server": any_url,
            "role": one_of("", *_ROLES, "cronjob", "deployment", "job"),
            "kubeconfig_file": text,
            "namespaces": record({"own_namespace": flag, "names": listing(text)}),
            "selectors": listing(
                record(dict.fromkeys(("role", "label", "field"), text))
            ),
            "attach_metadata": record(
                dict.fromkeys(
                    ("node", "namespace", "job", "cronjob", "deployment"), flag
                )
            ),
        },
        at_most_one("api_server", "kubeconfig_file"),
        _cluster,
        http_client.authentication,
        http_client.proxy,
    ),
    "file": record({"files": listing(text), "refresh_interval": duration}, _files),
    "dns": record(
        {
            "names": listing(text),
            "refresh_interval": duration,
            "type": text,
            "port": count,
        },
        _records,
    ),
    "http": record(
        {**http_client.FIELDS, "url": url, "refresh_interval": duration},
        at_least_one("url"),
        http_client.authentication,
        http_client.proxy,
    ),
    "consul": record(
        {
            **http_client.FIELDS,
            **dict.fromkeys(
                (
                    *("server", "path_prefix", "token", "datacenter", "namespace"),
                    *("partition", "tag_separator", "scheme", "username", "password"),
                    *("filter", "health_filter"),
                ),
                text,
            ),
            "services": listing(text),
            "tags": listing(text),
            "node_meta": texts,
            "allow_stale": flag,
            "refresh_interval": duration,
        },
        filled("server"),
        _consul,
        http_client.authentication,
        http_client.proxy,
    ),
    "docker": record(
        {**_DOCKER, "host_networking_host": text, "match_first_network": flag},
        at_least_one("host"),
        http_client.authentication,
    ),
    "dockerswarm": record(
        {**_DOCKER, "role": one_of("services", "tasks", "nodes")},
        at_least_one("host"),
        at_least_one("role"),
        http_client.authentication,
    ),
    **CLOUDS,
}
_TARGETS = record({"targets": listing(text), "labels": texts})
SOURCES: Fields = {
    "static_configs": listing(_TARGETS, nulls=False),
    **{
        f"{name}_sd_configs": listing(shape, nulls=False)
        for name, shape in _KINDS.items()
    },
}
