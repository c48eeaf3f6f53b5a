"""What a document is, told by its content: the kinds that gameday reads."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gameday.files.text.nodes import Document
from gameday.files.text.suggest import nearest
from gameday.model.target import TARGET_KINDS

SCENARIO = "scenario"
GATE = "gate"
EXPERIMENT = "experiment"
SLO = "slo"
RULES = "rules"
ALERTMANAGER = "alertmanager"
PROMETHEUS = "prometheus"
KINDS = (SCENARIO, GATE, EXPERIMENT, SLO, RULES, ALERTMANAGER, PROMETHEUS)
# kind -> (one, several), as a person calls such files
NAMES: Mapping[str, tuple[str, str]] = {
    SCENARIO: ("scenario", "scenarios"),
    GATE: ("gate policy", "gate policies"),
    EXPERIMENT: ("experiment", "experiments"),
    SLO: ("slo", "slos"),
    RULES: ("rule file", "rule files"),
    ALERTMANAGER: ("Alertmanager configuration", "Alertmanager configurations"),
    PROMETHEUS: ("Prometheus configuration", "Prometheus configurations"),
}
_SLO_APIS = ("openslo", "sloth.slok.dev/", "pyrra.dev/")
_EXPERIMENT = {
    *("title", "description", "version", "tags", "contributions", "runtime"),
    *("controls", "configuration", "secrets", "extensions", "dry"),
    *("method", "steady-state-hypothesis", "rollbacks"),
}
_PROMETHEUS = {
    *("global", "runtime", "alerting", "storage", "tracing", "otlp"),
    *("remote_write", "remote_read"),
}
_GATE = {"slos", "proof", "regressions", "prometheus"}
_INDICATORS = {"events", "raw", "plugin"}
_RULE = {"alert", "record", "expr"}
_ROUTE = {"receiver", "match", "match_re", "matchers"}
_GROUP = {"name", "interval", "limit", "query_offset", "labels", "rules"}
# A title and a description are in every second document; these are not.
_TELLING = {"method", "steady-state-hypothesis", "rollbacks", "contributions"}
_KEY = r"^[ \t{\"']*"
_HINTS = (
    (GATE, (r"^kind:\s*[\"']?GatePolicy\b",)),
    (SCENARIO, (r"\bgameday/v\d",)),
    (EXPERIMENT, (r"\bsteady-state-hypothesis\b",)),
    (EXPERIMENT, (_KEY + r"(?:method|rollbacks)[\"']?:", r"\bprovider\b")),
    (SLO, (r"\bopenslo(?:\.com)?/v|sloth\.slok\.dev|pyrra\.dev",)),
    (SLO, (r"^version:\s*[\"']?prometheus/v1\b",)),
    (RULES, (r"^[ \t]*[\"']?kind[\"']?:\s*[\"']?PrometheusRule\b",)),
    (RULES, (_KEY + r"groups[\"']?:", r"[\s{\"'](?:rules|expr|alert|record)[\"']?:")),
    (ALERTMANAGER, (r"^[\"']?(?:route|inhibit_rules)[\"']?:", r"\breceivers?\b")),
    (ALERTMANAGER, (r"^[\"']?receivers[\"']?:", r"\w_configs[\"']?:")),
    (PROMETHEUS, (r"^[\"']?(?:scrape_configs|rule_files)[\"']?:",)),
)


def of(document: Document) -> str:
    """Return the kind of a document; empty where it is none of ours."""
    return of_value(document.value)


def of_value(value: Any) -> str:
    """Return the kind of a document's value; empty where it is none of ours."""
    if isinstance(value, list):
        value = value[0] if value else None
        return SLO if isinstance(value, dict) and _is_slo(value) else ""
    if not isinstance(value, dict):
        return ""
    return next((kind for kind, fits in _TESTS if fits(value)), "") or _meant(value)


def guessed(text: str) -> str:
    """Return what a text that cannot be read was meant to be; empty: who knows."""
    for kind, patterns in _HINTS:
        if all(re.search(pattern, text, re.MULTILINE) for pattern in patterns):
            return kind
    return ""


def _is_gate(value: dict[str, Any]) -> bool:
    """Return whether it is our GatePolicy: other products have one too."""
    if value.get("kind") != "GatePolicy":
        return False
    if "apiVersion" in value:
        return str(value["apiVersion"]).startswith("gameday")
    return set(value) <= {"kind", "metadata"} or bool(_GATE & set(value))


def _is_scenario(value: dict[str, Any]) -> bool:
    if str(value.get("apiVersion")).startswith("gameday"):
        return True
    if value.get("kind") in ("Scenario", "GameDay") and "apiVersion" not in value:
        return len(value) == 1 or bool({"steps", "target", "metadata"} & set(value))
    if not {"steps", "target"} <= set(value):
        return False
    target = value["target"]
    if isinstance(target, dict) and not TARGET_KINDS.keys().isdisjoint(target):
        return True
    return any("experiment" in step for step in mappings(value["steps"]))


def _is_slo(value: dict[str, Any]) -> bool:
    api, version = str(value.get("apiVersion")), str(value.get("version"))
    if api.startswith(_SLO_APIS) or version.startswith("prometheus/"):
        return True
    if not isinstance(value.get("slos"), list) or "service" not in value:
        return False
    # Sloth's without its version; many a team has a form of its own.
    slis = [slo.get("sli") for slo in mappings(value["slos"])]
    return any(isinstance(sli, dict) and _INDICATORS & set(sli) for sli in slis)


def _is_rules(value: dict[str, Any]) -> bool:
    if value.get("kind") == "PrometheusRule":
        return True
    alone = "groups" in value and set(value) <= {"groups", "namespace"}
    if alone and _is_hollow(value["groups"]):
        return True
    groups = mappings(value.get("groups"))
    if alone and groups and all(_is_bare(group) for group in groups):
        return True
    return any(_has_rules(group) for group in groups)


def _is_bare(group: dict[str, Any]) -> bool:
    """Return whether it is a group of ours whose rules are missing, or no mappings."""
    fits = "rules" in group or set(group) <= _GROUP
    return "name" in group and fits and not mappings(group.get("rules"))


def _is_hollow(groups: Any) -> bool:
    """Return whether there are none, or nothing but empty ones."""
    return not groups or (isinstance(groups, list) and not any(groups))


def _has_rules(group: dict[str, Any]) -> bool:
    rules = [rule for part in group.values() for rule in mappings(part)]
    return any(_RULE & set(rule) for rule in rules)


def _is_experiment(value: dict[str, Any]) -> bool:
    keys = set(value)
    if "apiVersion" in keys or "$schema" in keys:
        return False
    if "steady-state-hypothesis" in keys or any(
        _is_activity(act)
        for section in ("method", "rollbacks")
        for act in mappings(value.get(section))
    ):
        return True
    if not {"title", "description"} <= keys:
        return False
    if value.get("method") == []:
        return True
    sections = [value[key] for key in keys & _TELLING]
    return keys <= _EXPERIMENT and bool(sections) and not all(map(_is_prose, sections))


def _is_prose(section: Any) -> bool:
    """Return whether what might hold activities is a word, or words: `method: POST`."""
    items = section if isinstance(section, list) else [section]
    return any(isinstance(item, str) for item in items) and not any(
        isinstance(item, dict) for item in items
    )


def _is_activity(value: dict[str, Any]) -> bool:
    return "provider" in value or value.get("type") in ("action", "probe")


def _is_whole_activity(value: dict[str, Any]) -> bool:
    provider = value.get("provider")
    return isinstance(provider, dict) and value.get("type") in ("action", "probe")


def _is_alertmanager(value: dict[str, Any]) -> bool:
    route, receivers = value.get("route"), value.get("receivers")
    if isinstance(route, dict):
        children = mappings(route.get("routes"))
        if "receiver" in route or any(_ROUTE & set(child) for child in children):
            return True
    named = [receiver for receiver in mappings(receivers) if "name" in receiver]
    # Without a route, who has receivers of a name may be another program.
    keys = {str(key) for receiver in named for key in receiver} - {"name"}
    return bool(named) and (
        "route" in value or not keys or any("_config" in key for key in keys)
    )


def _is_prometheus(value: dict[str, Any]) -> bool:
    if {"scrape_configs", "rule_files", "scrape_config_files"} & set(value):
        return True
    general, alerting = value.get("global"), value.get("alerting")
    if set(value) <= _PROMETHEUS and (
        any("url" in remote for remote in mappings(value.get("remote_write")))
        or (isinstance(alerting, dict) and "alertmanagers" in alerting)
    ):
        return True
    return isinstance(general, dict) and bool(
        {"evaluation_interval", "scrape_interval"} & set(general)
    )


def _meant(value: dict[str, Any]) -> str:
    """Return the kind whose main section is there under a misspelt name."""
    if "apiVersion" in value or "$schema" in value:
        return ""
    for kind, section, fits in _SECTIONS:
        for key, items in value.items():
            if any(map(fits, mappings(items))) and nearest(str(key), (section,)):
                return kind
    return ""


def mappings(value: Any) -> list[dict[str, Any]]:
    """Return the items of a list that are mappings; of anything else none."""
    items = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


_SECTIONS: tuple[tuple[str, str, Callable[[dict[str, Any]], bool]], ...] = (
    (RULES, "groups", _has_rules),
    (PROMETHEUS, "scrape_configs", lambda job: "job_name" in job),
    (EXPERIMENT, "method", _is_whole_activity),
    (EXPERIMENT, "rollbacks", _is_whole_activity),
)
_TESTS = (
    (GATE, _is_gate),
    (SCENARIO, _is_scenario),
    (SLO, _is_slo),
    (RULES, _is_rules),
    (ALERTMANAGER, _is_alertmanager),
    (PROMETHEUS, _is_prometheus),
    (EXPERIMENT, _is_experiment),
)
