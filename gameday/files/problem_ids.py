"""What each problem's id means: `FAMILY/KIND`, stable and never used again.

Users write ids into files (`# gameday disable-next-line ID`) and into baselines of
other tools. So an id is added, never renamed; one that is no longer told stays.
"""

FAMILIES = {
    "file": "the text of any file, before it is known what it is",
    "env": "files of `--env`",
    "scenario": "scenarios",
    "gate": "gate policies",
    "experiment": "Chaos Toolkit experiments",
    "slo": "SLO files: OpenSLO, Sloth, Pyrra",
    "rules": "Prometheus rules, plain and as PrometheusRule",
    "prometheus": "Prometheus configurations",
    "alertmanager": "Alertmanager configurations",
    "promise": "promises, compared with rules, routes and intervals",
    "run": "what a game day found, of `gameday run -o …`; also `run/QUESTION`",
}

# Any family may have these.
COMMON = {
    "invalid": "something is wrong that has no id of its own",
    "doubtful": "something looks wrong that has no id of its own",
    "unknown-key": "a key that the format does not know",
    "missing-key": "a key that is required is missing or empty",
    "empty-key": "a key without a value",
    "unknown-value": "a value that is none of the known ones",
    "wrong-type": "a value of another type than expected: a list, a mapping, text",
    "value": "a value that cannot be what it has to be: a duration, a share",
    "exclusive-keys": "keys of which only one may be set",
    "not-checked": "what could not be checked without a run or a tool",
    "duplicate-name": "a name that is used twice",
    "second-document": "a further document that the format's reader passes over",
}

OWN = {
    "file/missing": "there is no such file",
    "file/unreadable": "the file may not be read",
    "file/not-regular": "a folder, a FIFO, a device where a file was expected",
    "file/not-text": "not UTF-8, or a NUL byte in it",
    "file/bounds": "too large, nested too deeply, or blown up by aliases",
    "file/empty": "no content",
    "file/syntax": "not valid YAML or JSON",
    "file/value": "a number or a date that does not exist",
    "file/tag": "a YAML tag that could run code",
    "file/duplicate-key": "a key is written twice in one mapping",
    "file/byte-order-mark": "the file starts with a byte-order mark",
    "file/unknown-kind": "the file is of no kind that gameday knows",
    "file/neighbour": "a file of a kind that gameday recognises and does not read",
    "env/line": "a line that is not NAME=VALUE",
    "scenario/with": "`with` names a key that the experiment does not have",
    "scenario/named-file": "a file from elsewhere that is of no kind that is known",
    "scenario/combination": "keys that do not go together, or none of those needed",
    "scenario/foreign-action": "an action of somebody else's that is not allowed",
    "scenario/promised-twice": "two promises about one thing",
    "scenario/secret": "a secret that is written out",
    "scenario/slo-not-measured": "a promise about an SLO that cannot be computed",
    "scenario/too-long": "a time that is longer than the one around it",
    "scenario/reference": "`${…}` that is none, or an SLO that is not there",
    "scenario/unset-variable": "`${NAME}` that is not set",
    "experiment/activity-type": "an action where a probe has to be, or a probe for one",
    "experiment/cluster": "chaosk8s would act on another cluster than the scenario's",
    "experiment/misplaced-key": "a key that is passed over where it stands",
    "experiment/no-timeout": "a call that may hang",
    "experiment/no-undo": "an action that no rollback undoes",
    "experiment/reference": "a `ref` to an activity or a control that is not there",
    "experiment/tolerance": "a tolerance that ends the engine",
    "experiment/trap": "a call that is known not to do what it says",
    "experiment/unknown-function": "a function that is not known",
    "experiment/argument": "an argument that the function does not take, or needs",
    "experiment/json-path": "a tolerance's JSON path that cannot be read",
    "experiment/unset-variable": "a configuration or a secret that is not set",
    "experiment/other-python": "`runtime.python` asks for what this Python lacks",
    "slo/none": "a file without any SLO",
    "slo/reference": "a reference to an object that is not in these files",
    "slo/grouping": "groups of an SLO that are counted together",
    "slo/same-query": "good or bad events and all events are one count",
    "slo/promql-syntax": "a query that is not valid PromQL",
    "slo/template-syntax": "a query's template that Go does not parse",
    "slo/template-window": "a query's template without its window",
    "slo/not-supported": "a part of the format that gameday does not compute",
    "slo/not-counted": "a query that is no sum of counters",
    "rules/promql-syntax": "an expression that is not valid PromQL",
    "rules/promql-version": "an expression that only some versions of Prometheus take",
    "rules/template-syntax": "a template of an alert that Go does not parse",
    "rules/value-in-label": "a label that changes with the alert's value",
    "alertmanager/matcher": "a matcher that Alertmanager cannot read",
    "alertmanager/time-interval": "a time interval that is none",
    "alertmanager/amtool": "what `amtool check-config` says",
    "alertmanager/not-checked": "what could not be checked by `amtool`",
    "rules/alert-or-record": "a rule that is neither an alert nor a record, or both",
    "rules/label-name": "a label whose name cannot be one, or not everywhere",
    "rules/metric-name": "a recording rule whose name cannot be one, or not everywhere",
    "rules/recording-rule": "a key that a recording rule does not have",
    "alertmanager/group-by": "labels of group_by that do not go together",
    "alertmanager/label-name": "a text that is no label's name",
    "alertmanager/reference": "a receiver or a time interval that is not there",
    "alertmanager/root-route": "a key that the root route may not have",
    "slo/label-name": "a label whose name cannot be one",
    "slo/objective": "an objective that is none, or missing",
    "slo/plugin": "an SLO that is made by somebody's code",
    "slo/other-version": "a version of OpenSLO that is not read",
    "slo/version": "a format, a version or a kind that is not read",
    "slo/misplaced-key": "a key that has no meaning where it stands",
    "slo/metric-name": "a metric whose name says that it is none for this place",
    "slo/window": "a window that is missing, or odd",
    "scenario/promql": "an expression that cannot be used here",
    "promise/cannot-be-kept": "the earliest possible time is beyond the promise",
    "run/none": "a scenario of which there was no run",
    "run/broken": "what is still broken after a run",
    "run/refused": "a run that was refused",
    "run/guardrail": "a run that a guardrail stopped",
    "run/operator": "a run that somebody stopped",
    "run/crashed": "a run that crashed",
    "promise/not-guaranteed": "the latest possible time is beyond the promise",
}

# What is wrong in one file because of what another one holds, or is no longer there:
# `--base` tells these also where the file itself is as it was.
OF_OTHER_FILES = frozenset(
    (
        *("file/missing", "slo/reference", "scenario/reference", "scenario/with"),
        *("scenario/slo-not-measured", "scenario/foreign-action"),
    )
)


def meaning(problem_id: str) -> str:
    """Return what an id means; empty for one that does not exist."""
    family, _, code = problem_id.partition("/")
    if problem_id in OWN:
        return OWN[problem_id]
    return COMMON.get(code, "") if family in FAMILIES else ""
