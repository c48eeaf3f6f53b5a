"""Rule files as a command names them: files, and all rule files below folders."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gameday.errors import InvalidFile, Problem
from gameday.files import folder, kind
from gameday.files.prometheus import rules
from gameday.files.text import source, yaml
from gameday.model.alerting.alert import AlertRule, RecordingRule

# In each rule file, and each PrometheusRule, there is a line with this.
HINT = r"(^|[^a-zA-Z_])groups[\"']?[[:space:]]*:"


class RuleSet(NamedTuple):
    """The rules of several files."""

    alerts: tuple[AlertRule, ...]
    recorded: tuple[RecordingRule, ...]


def read(paths: Sequence[str]) -> RuleSet:
    """Return the rules of files and folders; InvalidFile with every problem."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112 - a path of the user's, as text
        below = folder.files(path, folder.Excluded(())) if is_folder else [path]
        for name in below:
            read = source.read(name)
            if read.problem is not None:
                problems += [] if is_folder else [read.problem]
            elif not is_folder or _has_rules(read.text, name):
                texts[name] = read.text
    rule_set = _parse(texts, problems)
    if problems:
        raise InvalidFile(problems)
    return rule_set


def parse(texts: Mapping[str, str]) -> RuleSet:
    """Return the rules of texts by their path, as far as they can be read."""
    return _parse({p: text for p, text in texts.items() if _has_rules(text, p)}, [])


def _parse(texts: Mapping[str, str], problems: list[Problem]) -> RuleSet:
    """Return the rules of texts; adds to the problems."""
    alerts: list[AlertRule] = []
    recorded: list[RecordingRule] = []
    for path, text in texts.items():
        read_rules, wrong = rules.parse_all(text, path)
        problems += [problem for problem in wrong if problem.severity == "error"]
        alerts += [rule for rule in read_rules if isinstance(rule, AlertRule)]
        recorded += [rule for rule in read_rules if isinstance(rule, RecordingRule)]
    return RuleSet(tuple(alerts), tuple(recorded))


def _has_rules(text: str, path: str) -> bool:
    document = yaml.parse(text, path)
    return any(kind.of(part) == kind.RULES for part in document.all)
