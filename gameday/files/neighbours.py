"""Files that live beside those that gameday reads, told by their content.

Some look like them: promtool's tests like a Prometheus configuration, Loki's rules
like Prometheus'. They are named, so that nobody takes them for judged.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gameday.files import neighbour_contents
from gameday.files.kind import mappings

OTHER = "file of another kind"
UNREADABLE = "unreadable file"
EMPTY = "empty file"
CONFIG_MAP = "ConfigMap with alerting files"
MANIFEST = "Kubernetes manifest"
SECRET = "Secret with alerting files"
HELM = "Helm template"
PLUGINS = "Sloth file with plugins"
PROMETHEUS_1 = "Prometheus 1 rule file"
_PLURALS = {
    OTHER: "files of other kinds",
    PLUGINS: "Sloth files with plugins",
    CONFIG_MAP: "ConfigMaps with alerting files",
    SECRET: "Secrets with alerting files",
}
_ACTION = re.compile(
    r"\{\{(?:[^\n{}]|\{(?!\{))*?"  # up to the next one: a long line is read once
    r"(?:(?<![\w)\].])\$?\.(?:Values|Release|Chart|Capabilities|Files)\."
    r"|\binclude\s+[\"`]|\btoYaml\b|\bnindent\b)|\{\{\s*`[^`]*(?:\{\{|\}\})|^\{\{",
    re.MULTILINE,
)
_JINJA = re.compile(r"^[ \t]*\{%|\{%-?\s*raw\b|\{\{\s*'\{\{'\s*\}\}", re.MULTILINE)
_OLD_ALERT = re.compile(r"ALERT\s+[A-Za-z_]\w*\s+IF\b")
_OLD_RECORD = re.compile(
    r"(?P<name>[A-Za-z_:][\w:]*)(?:\{[^{}\n]*\})?[ \t]*=(?![=~])(?P<expr>.+)"
)
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*")
_VMALERT_GROUP = {
    *("concurrency", "params", "headers", "notifier_headers", "tenant", "debug"),
    *("eval_offset", "eval_delay", "eval_alignment", "extra_filter_labels"),
}
_VMALERT_RULE = {"debug", "update_entries_limit"}
_VMALERT_TYPES = ("prometheus", "graphite", "vlogs")
_GRAFANA = {
    *("datasources", "providers", "contactPoints", "policies", "muteTimes"),
    *("templates", "notifiers", "apps", "deleteDatasources", "deleteRules"),
    *("deleteContactPoints", "resetPolicies", "deleteMuteTimes", "deleteTemplates"),
}
_VMAGENT_JOB = {
    *("stream_parse", "no_stale_markers", "series_limit", "scrape_align_interval"),
    *("scrape_offset", "disable_keepalive", "disable_compression", "vm_scrape_params"),
}
_PROMTAIL = {"clients", "client", "positions"}
_COMPOSE = {"image", "build", "extends", "deploy", "command", "ports"}


def plural(name: str) -> str:
    """Return the name of several such files."""
    if name in _PLURALS:
        return _PLURALS[name]
    return f"{name[:-1]}ies" if name.endswith("ty") else f"{name}s"


def template(text: str) -> str:
    """Return what a text is a template of; empty where it is none.

    `{{ $labels.job }}` is a template too, but of Prometheus'.
    """
    if "{{" in text and any(
        _outside_comment(text, at) for at in _ACTION.finditer(text)
    ):
        return HELM
    if ("{%" in text or "{{" in text) and _JINJA.search(text):
        return "Jinja template"
    return ""


def _outside_comment(text: str, match: re.Match[str]) -> bool:
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not line.lstrip().startswith("#")


def prometheus_1(text: str) -> str:
    """Return the name of a rule file from before Prometheus 2, which is no YAML.

    It is told by its first statement: `ALERT name IF …`, or `name = …` of PromQL.
    """
    blank = _BLANK_LINES.match(text)
    start = blank.end() if blank else 0
    record = _OLD_RECORD.match(text, start)
    is_promql = record is not None and (":" in record["name"] or "(" in record["expr"])
    is_old = is_promql or _OLD_ALERT.match(text, start)
    return PROMETHEUS_1 if is_old else ""


def advice(name: str) -> str:
    """Return what to do about a neighbour that somebody named."""
    if name == PROMETHEUS_1:
        return (
            "write the rules as YAML (`groups:`), as Prometheus 2 and newer read them, "
            "or pass over such files with --pass-over"
        )
    if name in (CONFIG_MAP, SECRET):
        return (
            "keep them in files of their own, from which kustomize or Helm makes it, "
            "or pass over such files with --pass-over"
        )
    return "leave it out, or pass over such files with --pass-over"


def most_telling(names: Sequence[str]) -> str:
    """Return the name of a file of several documents: what says most of it."""
    known = (name for name in names if name not in (OTHER, MANIFEST))
    return next(known, names[0] if names else OTHER)


def like_ours(value: Any) -> str:
    """Return the name of a neighbour that could be taken for one of ours."""
    if not isinstance(value, Mapping):
        return ""
    return next((name for name, fits in _ALIKE if fits(value)), "")


def other(value: Any) -> str:
    """Return the name of a document that is none of ours."""
    if not isinstance(value, Mapping):
        return OTHER
    return next((name(value) for name, fits in _OTHERS if fits(value)), OTHER)


def _is_journal(value: Mapping[str, Any]) -> bool:
    keys = set(value)
    return "chaoslib-version" in keys or (
        "experiment" in keys and bool({"steady_states", "run"} & keys)
    )


def _is_promtool_test(value: Mapping[str, Any]) -> bool:
    tests = value.get("tests")
    if "tests" in value and "rule_files" in value:
        return tests is None or isinstance(tests, list)
    return any(
        {"input_series", "alert_rule_test", "promql_expr_test"} & set(test)
        for test in mappings(tests)
    )


def _is_promtail(value: Mapping[str, Any]) -> bool:
    if "scrape_configs" not in value:
        return False
    return bool(_PROMTAIL & set(value)) or any(
        "pipeline_stages" in job for job in mappings(value["scrape_configs"])
    )


def _is_grafana_rules(value: Mapping[str, Any]) -> bool:
    groups = mappings(value.get("groups"))
    if any({"folder", "orgId"} & set(group) for group in groups):
        return True
    rules = [rule for group in groups for rule in mappings(group.get("rules"))]
    return any({"uid", "condition", "data"} <= set(rule) for rule in rules)


def _is_grafana(value: Mapping[str, Any]) -> bool:
    return value.get("apiVersion") in (1, "1") and bool(_GRAFANA & set(value))


def _is_vmalert(value: Mapping[str, Any]) -> bool:
    groups = mappings(value.get("groups"))
    return neighbour_contents.are_metricsql(value) or any(
        _VMALERT_GROUP & set(group)
        or group.get("type") in _VMALERT_TYPES
        or any(_VMALERT_RULE & set(rule) for rule in mappings(group.get("rules")))
        for group in groups
    )


def _is_vmagent(value: Mapping[str, Any]) -> bool:
    jobs = mappings(value.get("scrape_configs"))
    return any(_VMAGENT_JOB & set(job) for job in jobs)


def _is_event_exporter(value: Mapping[str, Any]) -> bool:
    """Return whether receivers are kubernetes-event-exporter's, each with a sink."""
    receivers = mappings(value.get("receivers"))
    keys = {key for receiver in receivers for key in receiver}
    sinks = [
        key
        for receiver in receivers
        for key, sink in receiver.items()
        if isinstance(sink, dict)
    ]
    return bool(sinks) and not any("_config" in str(key) for key in keys)


def has_plugins(value: Any) -> bool:
    """Return whether all SLOs of a Sloth file are made by code of somebody's."""
    if not isinstance(value, Mapping):
        return False
    spec = value.get("spec") if isinstance(value.get("spec"), dict) else value
    if not isinstance(spec, Mapping) or "service" not in spec:
        return False
    if {"slo_plugins", "sloPlugins"} & set(spec):
        return True
    slos = mappings(spec.get("slos"))
    slis = [slo.get("sli") for slo in slos]
    return bool(slos) and all(isinstance(sli, dict) and "plugin" in sli for sli in slis)


def _is_slo_generator(value: Mapping[str, Any]) -> bool:
    if str(value.get("apiVersion")).startswith("sre.google.com/"):
        return True
    keys = set(value)
    return {"service_name", "feature_name", "slo_name"} <= keys or (
        {"backends", "error_budget_policies"} <= keys
    )


def _is_alert_windows(value: Mapping[str, Any]) -> bool:
    return value.get("kind") == "AlertWindows" and str(
        value.get("apiVersion")
    ).startswith("sloth.slok.dev/")


def _is_compose(value: Mapping[str, Any]) -> bool:
    services = value.get("services")
    parts = services.values() if isinstance(services, dict) else ()
    return any(isinstance(part, dict) and _COMPOSE & set(part) for part in parts)


def _is_operators(value: Mapping[str, Any]) -> bool:
    api, kind = str(value.get("apiVersion")), value.get("kind")
    if not isinstance(kind, str) or not kind.strip():
        return False
    return api.startswith(("monitoring.coreos.com/", "operator.victoriametrics.com/"))


def _is_managed_rules(value: Mapping[str, Any]) -> bool:
    """Return whether it is one of Google's: Rules, ClusterRules or GlobalRules."""
    api, kind = str(value.get("apiVersion")), str(value.get("kind"))
    return api.startswith("monitoring.googleapis.com/") and kind.endswith("Rules")


def _is_kubernetes(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("apiVersion"), str) and isinstance(
        value.get("kind"), str
    )


def _is_chart(value: Mapping[str, Any]) -> bool:
    return value.get("apiVersion") in ("v1", "v2") and {"name", "version"} <= set(value)


def _is_dashboard(value: Mapping[str, Any]) -> bool:
    within = value.get("dashboard")
    board = within if isinstance(within, dict) else value
    return bool({"panels", "rows"} & set(board)) and bool(
        {"schemaVersion", "templating", "annotations"} & set(board)
    )


def _is_collector(value: Mapping[str, Any]) -> bool:
    return {"receivers", "exporters", "service"} <= set(value)


def _always(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _value: name


_ALIKE: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("Chaos Toolkit journal", _is_journal),
    ("promtool test file", _is_promtool_test),
    ("Promtail configuration", _is_promtail),
    ("Grafana-provisioned rule file", _is_grafana_rules),
    ("Grafana provisioning file", _is_grafana),
    ("vmalert rule file", _is_vmalert),
    ("vmagent configuration", _is_vmagent),
    ("Loki rule file", neighbour_contents.are_logql),
    ("kubernetes-event-exporter configuration", _is_event_exporter),
    ("slo-generator file", _is_slo_generator),
    ("Sloth alert windows file", _is_alert_windows),
    ("OpenTelemetry Collector configuration", _is_collector),
)
_OTHERS: tuple[
    tuple[Callable[[Mapping[str, Any]], str], Callable[[Mapping[str, Any]], bool]], ...
] = (
    (lambda value: str(value["kind"]), _is_operators),
    (_always(CONFIG_MAP), neighbour_contents.holds_files("ConfigMap")),
    (_always(SECRET), neighbour_contents.holds_files("Secret")),
    (_always("Managed Prometheus rule file"), _is_managed_rules),
    (_always(MANIFEST), _is_kubernetes),
    (_always("compose file"), _is_compose),
    (_always("Grafana dashboard"), _is_dashboard),
    (_always("Helm chart"), _is_chart),
)
