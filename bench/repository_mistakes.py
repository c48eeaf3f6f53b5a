"""The mistakes that `planted_repositories.py` puts into files, by their kind."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml


class Mistake(NamedTuple):
    """What is found in a text, and what is put in its place (as by re.sub)."""

    name: str
    found: str
    put_in: str

    def places(self, text: str) -> list[re.Match[str]]:
        """Return where it can be put: not into a comment."""
        return [
            place
            for place in re.finditer(self.found, text, re.MULTILINE)
            if "#" not in text[text.rfind("\n", 0, place.start()) + 1 : place.start()]
        ]

    def put(self, text: str, place: re.Match[str]) -> str:
        """Return the text with the mistake at a place."""
        return text[: place.start()] + place.expand(self.put_in) + text[place.end() :]


_KEY = r"^([ \t]*(?:- )?[\"']?){}([\"']?:)"
_VALUE = r"^([ \t]*(?:- )?[\"']?{}[\"']?: *)([^\s\[{{|>][^\n]*)$"


def _misspelt(key: str, wrong: str) -> Mistake:
    return Mistake(f"misspelt {key}", _KEY.format(key), rf"\1{wrong}\2")


def _value(key: str, wrong: str, name: str = "") -> Mistake:
    return Mistake(name or f"{key}: {wrong}", _VALUE.format(key), rf"\g<1>{wrong}")


def _twice(key: str) -> Mistake:
    found = rf"^( *){key}: ([^\s\[{{|>&][^\n]*)\n(?=\1\S|\Z)"
    return Mistake(f"{key} twice", found, rf"\1{key}: \2\n\1{key}: \2\n")


def _json(key: str, wrong: str) -> Mistake:
    return Mistake(f"{key}: {wrong}", rf'("{key}": *)("[^"\n]*"|\d+)', rf"\g<1>{wrong}")


_TEXT = (
    Mistake("a tab as indentation", r"^  +(?=[a-z_]+: \S)", "\t"),
    Mistake("a bracket that stays open", r"(: )([a-z0-9_]+)$", r"\1[\2"),
    Mistake("a quote that stays open", r"(: )\"([^\"\n]*)\"$", r'\1"\2'),
    Mistake("no colon", r"^( +[a-z_]+):$(?=\n +)", r"\1"),
    Mistake("no space behind the colon", r"^( +[a-z_]+): (?=[a-z])", r"\1:"),
    Mistake("a template bare", r"(: )['\"]([^'\"\n]*)['\"]$", r"\1{{ a }} \2"),
    Mistake("a merge conflict", r"^( +)(?=[a-z_]+: [a-z0-9])", r"<<<<<<< HEAD\n\1"),
    Mistake(
        "a key beside its list", r"^( +)- ([a-z_]+: [^\n]+)\n", r"\1- \2\n\1x: y\n"
    ),
)
_PROMQL = (
    Mistake("a bracket too many", r"^( *(?:- )?expr: [^|>\"'\n][^\n#]*)$", r"\1)"),
    Mistake("a function misspelt", r"\b(rat)e\(", r"\1es("),
    Mistake("an aggregation misspelt", r"\bsum( by|\()", r"summ\1"),
    Mistake("no range", r"(rate\([a-z_]+(?:\{[^}\n]*\})?)\[\w+\]\)", r"\1)"),
    Mistake("a bad range", r"\[(\d+)m\]", r"[\1 minutes]"),
    Mistake("a bad matcher", r"(\{[a-z_]+)=~?\"", r'\1=="'),
    Mistake("typographic quotes", r"(=~?)\"([^\"\n\\]*)\"(?=[,}])", r"\1“\2”"),
    Mistake("a bracket of another kind", r"\[(\d+[smhd])\]\)", r"[\1})"),
    Mistake("no value", r"(\{[a-z_]+=~?)\"[^\"\n]*\"(?=[,}])", r"\1"),
    Mistake("single equals", r" == (\d)", r" = \1"),
    Mistake("two operators", r" > (\d)", r" >> \1"),
)
MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "rules": (
        *_PROMQL,
        *_TEXT,
        _misspelt("expr", "exp"),
        _misspelt("annotations", "anotations"),
        _misspelt("labels", "label"),
        _misspelt("rules", "rule"),
        _misspelt("groups", "group"),
        _value("for", "5 minutes"),
        _value("for", "soon"),
        _value("interval", "1x"),
        _value("expr", "[up]"),
        _value("severity", "{a: b}"),
        _value("summary", "[a, b]"),
        _value("keep_firing_for", "later"),
        _value("limit", "many"),
        Mistake(
            "rules as a mapping",
            # the last of the file, and one alone: with more the YAML itself breaks
            r"^( +)rules:\n( +)- (?!(?:.*\n)*\2- )",
            r"\1rules:\n\2  ",
        ),
        _twice("for"),
        _twice("expr"),
        Mistake("no name", r"^( *)- name: [^\n]*\n( +)(?=rules:)", r"\1- "),
        Mistake(
            "a record and an alert",
            r"^( *)- alert: (\w+)$",
            r"\1- alert: \2\n\1  record: b",
        ),
        Mistake("no such variable", r"\{\{ *\$labels\.", "{{ $label."),
        Mistake("an open action", r"(\{\{ *\$(?:labels\.\w+|value)) *\}\}", r"\1 }"),
        Mistake("no such function", r"\{\{ *\$value *\}\}", "{{ $value | humanise }}"),
        Mistake(
            "labels as a list", r"^( +)labels:\n( +)(\w+): (\S+)$", r"\1labels:\n\2- \3"
        ),
    ),
    "prometheus": (
        *_TEXT,
        _misspelt("scrape_interval", "scrape_intervall"),
        _misspelt("static_configs", "static_config"),
        _misspelt("job_name", "job"),
        _misspelt("scrape_configs", "scrape_config"),
        _misspelt("targets", "target"),
        Mistake(  # alone it might as well be of Falco, which names its own so
            "misspelt rule_files", r"^rule_files:(?=(?:.*\n)+[a-z])", "rules_files:"
        ),
        _value("scrape_interval", "15"),
        _value("evaluation_interval", "15 s"),
        _value("scrape_timeout", "999h"),
        _value("metrics_path", "[/metrics]"),
        _value("regex", "'(a'"),
        _value("action", "keeep"),
        _value("scheme", "{a: b}"),
        _twice("scrape_interval"),
        _twice("job_name"),
        _value("job_name", ""),
        _value("refresh_interval", "often"),
        _value("replacement", "{a: b}"),
        _value("honor_labels", "perhaps"),
        Mistake("targets as text", r"targets: \['?([^'\],]*)'?\]", r"targets: \1"),
        Mistake(
            "an address as a target", r"targets: \[(['\"])", r"targets: [\1http://"
        ),
        Mistake("a job twice", r"^( *- job_name: [^\n]+)$", r"\1\n\1"),
    ),
    "alertmanager": (
        *_TEXT,
        _misspelt("receivers", "receiver"),
        _misspelt("group_by", "groupby"),
        _misspelt("webhook_configs", "webhook_config"),
        _misspelt("slack_configs", "slack_config"),
        _misspelt("send_resolved", "send_resolve"),
        _misspelt("route", "routing"),
        _value("receiver", "nobody-of-this-name"),
        _value("group_wait", "30"),
        _value("repeat_interval", "0s"),
        _value("resolve_timeout", "five"),
        _value("url", "hooks/alerts"),
        _value("send_resolved", "perhaps"),
        _twice("receiver"),
        _twice("group_wait"),
        Mistake("a bad matcher", r"^( +- ['\"]?\w+) ?=~? ?(['\"]?\w)", r"\1 ==> \2"),
        _value("to", "[a]"),
        _value("smtp_smarthost", "mail"),
        _value("channel", "{a: b}"),
        _value("continue", "maybe"),
        Mistake(
            "routes as a mapping",
            # the last of the file, and one alone: with more the YAML itself breaks
            r"^( +)routes:\n( +)- (?!(?:.*\n)*\2- )",
            r"\1routes:\n\2  ",
        ),
        Mistake("a null as a value", r"(severity): ['\"]?\w+['\"]?$", r"\1:"),
        Mistake(
            "a receiver without its name",
            r"^( *)- name: [^\n]+\n( +)(?=\w+_configs)",
            r"\1- ",
        ),
    ),
    "slo": (
        *_TEXT,
        *_PROMQL,
        _value("objective", "101"),
        _value("target", '"101"'),
        _value("window", "month"),
        _value("duration", "Month"),
        _value("objective", '"99,9"'),
        _value("objective", "99.9%"),
        _value("target", '"99,9"'),
        _value("window", "30 days"),
        _value("latency", "fast"),
        _value("budgetingMethod", "Occurences"),
        _value("version", "prometheus/v2"),
        _misspelt("indicator", "indicater"),
        _misspelt("sli", "slis"),
        _misspelt("slos", "slo"),
        _misspelt("total", "totals"),
        _misspelt("error_query", "errors_query"),
        _misspelt("errorQuery", "errorsQuery"),
        _misspelt("metric", "metrics"),
        _misspelt("spec", "specs"),
        _twice("target"),
        _twice("window"),
        Mistake("no window in a query", r"\[\{\{ *\.window *\}\}\]", "[5m]"),
        Mistake("a template typo", r"\{\{ *\.window *\}\}", "{{.windw}}"),
    ),
    "scenario": (
        *_TEXT,
        _misspelt("steps", "step"),
        _misspelt("expect", "expects"),
        _misspelt("hold", "holds"),
        _misspelt("fires_within", "fire_within"),
        _value("hold", "long"),
        _value("fires_within", "30"),
        _value("resets_within", "-5s"),
        _value("at_most", "many"),
        _value("experiment", "nowhere.yaml"),
        _value("rate", "50"),
        _twice("hold"),
        _twice("experiment"),
    ),
    "experiment": (
        Mistake("type: act", r'"type": *"(?:action|probe)"', '"type": "act"'),
        _json("func", "null"),
        _json("module", "[]"),
        _json("title", "[]"),
        Mistake("a pause: soon", r'("pauses": *\{\s*"after": *)\d+', r'\1"soon"'),
        Mistake("a comma too many in JSON", r"(\": (?:\"[^\"\n]*\"|\d+))$", r"\1,"),
        Mistake("a comment in JSON", r"(\": (?:\"[^\"\n]*\"|\d+),)$", r"\1 // why"),
        Mistake("single quotes in JSON", r'"(type)"(?=:)', r"'\1'"),
        Mistake("a comma missing", r"(\": (?:\"[^\"\n]*\"|\d+)),$", r"\1"),
        Mistake("no method", r'"method"(?=: *\[)', '"methods"'),
        Mistake("no name", r'"name": *"[^"\n]*",', ""),
        Mistake("no provider", r'"provider"(?=: *\{)', '"provide"'),
        Mistake("no method", r"^method:", "methods:"),
        Mistake("no provider", r"^( +)provider:", r"\1provide:"),
        _value("type", "act"),
        _value("func", "[a]"),
        _value("title", "[a]"),
        _value("timeout", "soon"),
        *_TEXT[:3],
    ),
}
_TOOLS = {
    "rules": (
        "promtool",
        "--enable-feature=promql-experimental-functions",
        "check",
        "rules",
        "--lint=none",
    ),
    "prometheus": ("promtool", "check", "config", "--syntax-only", "--lint=none"),
    "alertmanager": ("amtool", "check-config"),
    "slo": ("sloth", "validate", "--no-log", "-i"),
}


def own_tool_accepts(kind: str, text: str, suffix: str, tools: Path) -> bool:
    """Return whether a text's own tool, where one is there, takes the mistake."""
    if kind not in _TOOLS or not (tools / _TOOLS[kind][0]).exists():
        return False
    if kind == "slo" and "prometheus/v1" not in text and "sloth.slok" not in text:
        return False
    if kind == "rules" and "PrometheusRule" in text:
        unwrapped = _unwrapped(text)
        if unwrapped is None:
            return False
        text = unwrapped
    program, *options = _TOOLS[kind]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"file{suffix}"
        file.write_text(text, encoding="utf-8")
        command = [str(tools / program), *options, str(file)]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    return done.returncode == 0


def _unwrapped(text: str) -> str | None:
    """Return a PrometheusRule's groups as a rule file; None where Go refuses them."""
    try:
        documents = [part for part in yaml.safe_load_all(text) if part]
    except yaml.YAMLError:
        return None
    if len(documents) != 1 or documents[0].get("kind") != "PrometheusRule":
        return None
    if re.search(r"^( +)(\w+): .*\n\1\2: ", text, re.MULTILINE):  # a key twice
        return None
    return yaml.safe_dump(documents[0].get("spec"))
