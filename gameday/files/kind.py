"""What a file is, told by its content."""

import re
from typing import Any

from gameday.files.nodes import Document

SCENARIO = "scenario"
EXPERIMENT = "experiment"
SLO = "slo"
RULES = "rules"
ALERTMANAGER = "alertmanager"
PROMETHEUS = "prometheus"
KINDS = (SCENARIO, EXPERIMENT, SLO, RULES, ALERTMANAGER, PROMETHEUS)
_SLO_APIS = (
    "openslo",
    "sloth.slok.dev/",
    "pyrra.dev/",
    "sre.google.com/",
)
_ACTS = {"method", "steady-state-hypothesis", "rollbacks"}
_EXPERIMENT = _ACTS | {
    *("title", "description", "version", "tags", "contributions", "runtime"),
    *("controls", "configuration", "secrets", "extensions", "dry"),
}
_ENOUGH = 65536  # characters; a file says what it is near its top
_HINTS = (
    (SCENARIO, r"gameday/v\d"),
    (EXPERIMENT, r"\bsteady-state-hypothesis\b|^[ \t\"{]*(method|rollbacks)\"?:"),
    (SLO, r"\bopenslo|sloth\.slok\.dev|pyrra\.dev|prometheus/v1\b"),
    (RULES, r"^groups:|kind: PrometheusRule"),
    (ALERTMANAGER, r"^(route|inhibit_rules):"),
    (PROMETHEUS, r"^(scrape_configs|rule_files):"),
)


def of(document: Document) -> str:
    """Return the kind of a document; empty where it is none of ours."""
    value = document.value
    if isinstance(value, list):
        value = value[0] if value else None
        return SLO if isinstance(value, dict) and _is_slo(value) else ""
    if not isinstance(value, dict):
        return ""
    return next((kind for kind, fits in _TESTS if fits(value)), "")


def guessed(text: str) -> str:
    """Return what a text that cannot be read was meant to be; empty: who knows."""
    for kind, pattern in _HINTS:
        if re.search(pattern, text[:_ENOUGH], re.MULTILINE):
            return kind
    return ""


def _is_scenario(value: dict[str, Any]) -> bool:
    if str(value.get("apiVersion")).startswith("gameday"):
        return True
    if value.get("kind") in ("Scenario", "GameDay") and "apiVersion" not in value:
        return True
    return {"steps", "target"} <= set(value)


def _is_slo(value: dict[str, Any]) -> bool:
    api, version = str(value.get("apiVersion")), str(value.get("version"))
    if api.startswith(_SLO_APIS) or version.startswith("prometheus/"):
        return True
    return isinstance(value.get("slos"), list) and "service" in value


def _is_rules(value: dict[str, Any]) -> bool:
    if value.get("kind") == "PrometheusRule":
        return True
    return isinstance(value.get("groups"), list) or set(value) == {"groups"}


def _is_experiment(value: dict[str, Any]) -> bool:
    keys = set(value)
    if "apiVersion" in keys or "$schema" in keys:
        return False
    if keys & _ACTS:
        return True
    return "title" in keys and "description" in keys and keys <= _EXPERIMENT


def _is_alertmanager(value: dict[str, Any]) -> bool:
    route, receivers = value.get("route"), value.get("receivers")
    return isinstance(receivers, list) or (
        isinstance(route, dict) and ("receiver" in route or "routes" in route)
    )


def _is_prometheus(value: dict[str, Any]) -> bool:
    general = value.get("global")
    if {"scrape_configs", "rule_files"} & set(value):
        return True
    return isinstance(general, dict) and "evaluation_interval" in general


_TESTS = (
    (SCENARIO, _is_scenario),
    (SLO, _is_slo),
    (RULES, _is_rules),
    (ALERTMANAGER, _is_alertmanager),
    (PROMETHEUS, _is_prometheus),
    (EXPERIMENT, _is_experiment),
)
