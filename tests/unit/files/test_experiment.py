"""Experiments: stricter than the engine's own validation where it is certain."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gameday.files.experiment import experiment
from gameday.model.faults.fault import FaultRequest, Selection
from tests.unit.files.shop import EXPERIMENT, Shop

NAME = "experiments/stop.yaml"

MISTAKES = [
    ("title: One web replica is gone\n", "", "1: title is required and missing; expected text"),
    ("description: The", "descripton: The", "1: description is required and missing; expected text"),
    ("method:\n", "methods:\n", "1: method is missing; expected a list of activities, or []"),
    ("strategy: always", "strategy: sometimes", "4: runtime.rollbacks.strategy: 'sometimes' is not known; expected always, default, deviated or never"),
    ("{rollbacks: {strategy: always}}", "{hypothesis: {strategy: continuous}}", "4: runtime.hypothesis.strategy: 'continuous' is not known; did you mean \"continuously\"?"),
    ("{rollbacks: {strategy: always}}", "{python: {dependencies: chaostoolkit-aws}}", "4: runtime.python.dependencies: 'chaostoolkit-aws' is not a list; expected a list"),
    ("{rollbacks: {strategy: always}}", "{python: {dependencies: [5]}}", "4: runtime.python.dependencies[0]: 5 is no package's name; expected text"),
    ("{rollbacks: {strategy: always}}", "{python: {isolated: 1}}", "4: runtime.python.isolated: 1 is not true or false"),
    ("{rollbacks: {strategy: always}}", "{python: {version: 3.14}}", "4: runtime.python.version: 3.14 is not text; write it in quotes"),
    ("{rollbacks: {strategy: always}}", "{python: 3}", "4: runtime.python: 3 is not a mapping; expected a mapping"),
    ("tags: [web, capacity]", "tags: [web, 5]", "3: tags[1]: 5 is no tag; expected text"),
    ("tags: [web, capacity]", "secrets: {shop: token}", "3: secrets.shop: 'token' is not a mapping; expected names of secrets"),
    ("tags: [web, capacity]", "secrets: {shop: [token]}", "3: secrets.shop: a list is not a mapping; expected names of secrets"),
    ("tags: [web, capacity]", "extensions: {gameday: 1}", "3: extensions: a mapping is not a list; expected a list"),
    ("tags: [web, capacity]", "extensions: [{vendor: x}]", "3: extensions[0]: name is required and missing; expected text"),
    ("tolerance: 200", "tolerence: 200", "12: steady-state-hypothesis.probes[0]: tolerance is missing; a probe of the hypothesis needs one"),
    ("tolerance: 200", "tolerance: 0.5", "14: steady-state-hypothesis.probes[0].tolerance: 0.5 is a fraction; expected a range, such as [0, 0.5]"),
    ("tolerance: 200", "tolerance: {type: regexp, pattern: x}", "14: steady-state-hypothesis.probes[0].tolerance.type: 'regexp' is not known; did you mean \"regex\"?"),
    ("tolerance: 200", "tolerance: {type: range, range: [1]}", "14: steady-state-hypothesis.probes[0].tolerance: range is not a list of two numbers; expected [LOWEST, HIGHEST]"),
    ("tolerance: 200", "tolerance: {type: range, range: [2, 1]}", "14: steady-state-hypothesis.probes[0].tolerance.range: 2 is above 1; swap them"),
    ("tolerance: 200", "tolerance: {type: regex, pattern: '('}", "14: steady-state-hypothesis.probes[0].tolerance.pattern: '(' is no regular expression: missing ), unterminated subpattern at position 0"),
    ("    - type: probe\n", "    - type: action\n", "12: steady-state-hypothesis.probes[0]: an action has no place in the hypothesis; expected a probe"),
    ("    name: stop a replica\n", "    name: x\n    pauses: {before: [1]}\n", "19: method[0].pauses.before: a list is not a number of seconds; expected one, or ${NAME}"),
    ("    name: stop a replica\n", "    name: x\n    background: yes please\n", "19: method[0].background: 'yes please' is not true or false"),
    ("  - type: action\n    name: undo", "  - type: acton\n    name: undo", "25: rollbacks[0].type: 'acton' is not known; did you mean \"action\"?"),
    ("func: undo}", "func: undoo}", "27: rollbacks[0].provider.func: 'gameday.faults.undoo' is not one of gameday's faults; did you mean \"gameday.faults.undo\"?"),
    ("func: stop", "func: stopp", "22: method[0].provider.func: 'gameday.faults.process.stopp' is not one of gameday's faults; did you mean \"gameday.faults.process.stop\"?"),
    ("faults.process", "faults.proces", "22: method[0].provider.func: 'gameday.faults.proces.stop' is not one of gameday's faults; did you mean \"gameday.faults.process.stop\"?"),
    ("faults.process", "faults.resource", "22: method[0].provider.func: 'gameday.faults.resource.stop' is not one of gameday's faults; "),
    ("type: python\n", "type: pyton\n", "20: method[0].provider.type: 'pyton' is not known; did you mean \"python\"?"),
    ("arguments: {service", "arguments: {serivce", "23: method[0].provider.arguments.serivce: process.stop has no argument 'serivce'; did you mean \"service\"?"),
    ('service: "${service}", ', "", "23: method[0].provider.arguments: process.stop requires service; it is missing"),
    ('"${count}"}', '"${count}", share: 34%}', "23: method[0].provider.arguments: count and share exclude each other; keep one of them"),
    ('"${count}"', '"${cuont}"', "23: method[0].provider.arguments.count: the configuration has no key 'cuont'; did you mean \"count\"?"),
    ('"${count}"', "0", "23: method[0].provider.arguments.count: 0 is not a whole number of 1 or more"),
    ('"${count}"}', '"${count}", duration: 30}', "23: method[0].provider.arguments.duration: 30 is a bare number; write it with its unit, such as 30s"),
    ('count: "${count}"', "instances: web-1", "23: method[0].provider.arguments.instances: 'web-1' is no instance of api; expected api-N"),
    ('key: GAMEDAY_TARGET, default: "docker://other"', "env: X", "6: configuration.target: key is required and missing; expected text"),
    ("key: GAMEDAY_TARGET", "key: A, env_var_type: integer", "6: configuration.target.env_var_type: 'integer' is not known; expected bool, bytes, float, int, json or str"),
    ("  - type: action\n    name: stop", "  - ref: nothing\n  - type: action\n    name: stop", "17: method[0].ref: there is no activity 'nothing' to refer to; expected answers or stop a replica"),
    ("provider: {type: python, module: gameday.faults, func: undo}", "providers: {}", "25: rollbacks[0]: provider is missing; expected one of python, process or http"),
    ("tolerance: 200", "tolerance: {type: jsonpath, path: ''}", "14: steady-state-hypothesis.probes[0].tolerance: path is required and missing; expected text"),
    ("tolerance: 200", "tolerance: {type: jsonpath, path: $.a, count: x}", "14: steady-state-hypothesis.probes[0].tolerance.count: 'x' is not a whole number"),
    ("tolerance: 200", "tolerance: {type: probe, name: a}", "14: steady-state-hypothesis.probes[0].tolerance: provider is missing; expected one of python, process or http"),
    ("tolerance: 200", "tolerance: []", "14: steady-state-hypothesis.probes[0].tolerance: an empty list tolerates nothing; expected its values"),
    ("tolerance: 200", "tolerance: {target: body}", "14: steady-state-hypothesis.probes[0].tolerance: type is missing; expected probe, regex, jsonpath or range"),
    ("    - type: probe", "    - ty: probe", "12: steady-state-hypothesis.probes[0]: type is missing; expected probe or action"),
    ("provider: {type: http, ", "provider: {", "15: steady-state-hypothesis.probes[0].provider: type is missing; expected python, process or http"),
    ("provider: {type: http, ", "provider: {type: process, ", "15: steady-state-hypothesis.probes[0].provider: path is required and missing; expected text"),
    ("timeout: 2}", "timeout: soon}", "15: steady-state-hypothesis.probes[0].provider.timeout: 'soon' is not a number of seconds; expected one, or ${NAME}"),
    ('{service: "${service}", count: "${count}"}', "[web]", "23: method[0].provider.arguments: a list is not a mapping"),
    ("title: One", "controls: [{name: a}]\ntitle: One", "1: controls[0]: provider is missing; expected a python module"),
    ("title: One", "controls: [{name: a, scope: befor, provider: {type: python, module: m}}]\ntitle: One", "1: controls[0].scope: 'befor' is not known; did you mean \"before\"?"),
]  # fmt: skip


PASSED_OVER = [
    ("rollbacks:\n", "rollback:\n", "24: warning: rollback: 'rollback' is an unknown key; did you mean \"rollbacks\"?"),
    ("    name: stop a replica\n", "    name: x\n    pauses: {befor: 1}\n", "19: warning: method[0].pauses.befor: 'befor' is an unknown key; did you mean \"before\"?"),
    ("timeout: 2}", "timeut: 2}", "15: warning: steady-state-hypothesis.probes[0].provider.timeut: 'timeut' is an unknown key; did you mean \"timeout\"?"),
    ("title: One", "author: me\ntitle: One", "1: warning: author: 'author' is an unknown key"),
    ("timeout: 2}", "timeout: 2, expected_status: 200}", "15: warning: steady-state-hypothesis.probes[0].provider.expected_status: 'expected_status' is an unknown key"),
    ("    name: stop a replica\n", "    name: x\n    arguments: {a: b}\n", "19: warning: method[0].arguments: 'arguments' is an unknown key"),
    ("{rollbacks: {strategy: always}}", "{python: {version: '3', isolate: true}}", "4: warning: runtime.python.isolate: 'isolate' is an unknown key; did you mean \"isolated\"?"),
    ("{rollbacks: {strategy: always}}", "{strategy: always}", "4: warning: runtime.strategy: 'strategy' is an unknown key"),
    ("{rollbacks: {strategy: always}}", "{rollbacks: {strategie: always}}", "4: warning: runtime.rollbacks.strategie: 'strategie' is an unknown key; did you mean \"strategy\"?"),
    ("  service: api", "  token: {type: env, key: HOME, default: a, hint: b}\n  service: api", "7: warning: configuration.token.hint: 'hint' is an unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "told"), PASSED_OVER, ids=lambda text: text[:36]
)
def test_what_chaos_toolkit_passes_over_is_a_warning(
    shop: Shop, old: str, new: str, told: str
) -> None:
    shop.change(old, new, NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is not None
    assert f"{NAME}:{told}" in shop.told(problems)


NULLS = [
    ("rollbacks:", "rollbacks"),
    ("controls:", "controls"),
    ("secrets:", "secrets"),
    ("configuration:", "configuration"),
    ("steady-state-hypothesis:", "steady-state-hypothesis"),
    ("secrets: {shop: }", "secrets.shop"),
    ("steady-state-hypothesis: {title: a, probes: }", "steady-state-hypothesis.probes"),
    ("rollbacks: [{type: action, name: a, pauses: , provider: {type: python, module: a, func: b}}]", "rollbacks[0].pauses"),
    ("rollbacks: [{type: action, name: a, provider: {type: python, module: a, func: b, arguments: }}]", "rollbacks[0].provider.arguments"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "place"), NULLS)
def test_a_null_section_ends_the_engine(shop: Shop, section: str, place: str) -> None:
    shop.write(NAME, f"title: a\ndescription: b\n{section}\nmethod: []\n")
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is None
    told = f"{NAME}:3: {place}: is empty; give it a value or remove the key"
    assert shop.told(problems) == [told]


@pytest.mark.parametrize("key", ["tags", "extensions", "contributions", "runtime"])
def test_a_null_that_the_engine_does_not_mind(shop: Shop, key: str) -> None:
    shop.write(NAME, f"title: a\ndescription: b\n{key}:\nmethod: []\n")
    assert experiment.read(str(shop.folder / NAME), env={})[1] == []


SECRET = "secrets: {shop: {token: {type: env, key: SHOP_TOKEN}}}\ntitle: One"
TOLD = "1: {}secrets.shop.token: the environment variable SHOP_TOKEN is not set"


def test_a_secret_that_is_not_set(shop: Shop) -> None:
    shop.change("title: One", SECRET, NAME)
    path = str(shop.folder / NAME)
    made, problems = experiment.read(path, env={})
    assert made is not None
    assert shop.told(problems) == [f"{NAME}:{TOLD.format('warning: ')}"]
    made, problems = experiment.read(path, {}, env={})
    assert made is None
    assert shop.told(problems) == [f"{NAME}:{TOLD.format('')}"]
    assert experiment.read(path, {}, env={"SHOP_TOKEN": "x"})[1] == []


def test_secrets_of_other_kinds_are_not_asked_for(shop: Shop) -> None:
    secrets = "{a: {b: {type: vault, path: x}, c: plain}, d: {type: vault, path: y}}"
    shop.change("title: One", f"secrets: {secrets}\ntitle: One", NAME)
    assert experiment.read(str(shop.folder / NAME), {}, env={})[1] == []


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("$.a[*].b", True),
        ("$..x[?(@.a=1)]", True),
        ("${path}", True),
        ("$.a[", False),
        ("$.status.", False),
        ("a.b", False),
    ],
)
def test_a_json_path_is_read_as_the_engine_reads_it(
    shop: Shop, path: str, right: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    tolerance = f"tolerance: {{type: jsonpath, path: '{path}'}}"
    shop.change("tolerance: 200", tolerance, NAME)
    problems = experiment.read(str(shop.folder / NAME), env={})[1]
    assert [problem.id for problem in problems] == (
        [] if right else ["experiment/json-path"]
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES, ids=lambda text: text[:36])
def test_mistakes(shop: Shop, old: str, new: str, told: str) -> None:
    shop.change(old, new, NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is None
    said = shop.told(problems)
    assert [line for line in said if line.startswith(f"{NAME}:{told}")], said


BAD_ARGUMENTS = [
    ("process", "kill", "signal: SIGKIL", "'SIGKIL' is not a signal; did you mean \"SIGKILL\"?"),
    ("process", "stop", "share: 0%", "'0%' is not above 0% and at most 100%"),
    ("process", "stop", "share: 0.3", "0.3 is a bare number; write a share such as 34%"),
    ("process", "stop", "duration: 0s", "'0s' is zero; expected a duration above it"),
    ("process", "stop", "instances: []", "the list is empty; name at least one"),
    ("process", "stop", "instances: [5]", "5 is not text; write it in quotes"),
    ("network", "partition", "peers: ['']", "the list is empty; name at least one"),
    ("network", "partition", "peers: []", "the list is empty; name at least one"),
    ("network", "partition", "peers: ''", "the list is empty; name at least one"),
    ("network", "partition", "peers: 'db,'", "'db,' has an empty name in it; remove it"),
    ("network", "delay", "by: 1, jitter: 5ms", "1 is a bare number"),
    ("network", "delay", "jitter: 5ms", "network.delay requires by; it is missing"),
    ("kubernetes", "config_removed", "name: ../x", "'../x' is no object's name"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "func", "argument", "told"), BAD_ARGUMENTS)
def test_arguments_of_faults(
    shop: Shop, family: str, func: str, argument: str, told: str
) -> None:
    shop.change("faults.process", f"faults.{family}", NAME)
    shop.change("func: stop", f"func: {func}", NAME)
    shop.change(', count: "${count}"', f", {argument}", NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is None
    (problem,) = problems
    assert problem.line == 23
    assert told in problem.message


WARNINGS = [
    ("tags: [web, capacity]", "tags: web", "3: warning: tags: 'web' is passed over; expected a list"),
    ("tags: [web, capacity]", "contributions: [security]", "3: warning: contributions: a list is passed over; expected a mapping"),
    ("rollbacks:\n", "rollbacks: []\nx-rest:\n", "1: warning: no rollback calls gameday.faults.undo"),
    ("{rollbacks: {strategy: always}}", "{python: {dependencies: ['no-such-extension>=1.2']}}", "4: warning: runtime.python.dependencies[0]: 'no-such-extension>=1.2' is not installed here, and gameday prepares no other Python; install it beside gameday"),
    ("{rollbacks: {strategy: always}}", "{python: {version: '2.7'}}", "4: warning: runtime.python.version: '2.7' is not prepared: gameday runs experiments in its own Python, here 3."),
    (", timeout: 2}", "}", "15: warning: steady-state-hypothesis.probes[0].provider: a http provider without timeout may hang"),
    ("    name: stop a replica\n", "    name: x\n    pause: {after: 5}\n", "19: warning: method[0].pause: Chaos Toolkit passes over 'pause'; did you mean \"pauses\"?"),
    ("count: 2", "count: {type: env, key: COUNT}", "8: warning: configuration.count: the environment variable COUNT is not set, and has no default"),
    ("method:\n", "method:\n  - {ref: answers}\n  - {type: probe, name: answers, provider: {type: python, module: m, func: f}}\n  - {type: probe, name: answers, provider: {type: python, module: m, func: f}}\n", "19: warning: method[2].name: the name 'answers' is used twice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), WARNINGS, ids=lambda text: text[:36])
def test_warnings_refuse_nothing(shop: Shop, old: str, new: str, told: str) -> None:
    shop.change(old, new, NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is not None
    said = shop.told(problems)
    assert [line for line in said if line.startswith(f"{NAME}:{told}")], said


@pytest.mark.parametrize(
    "python",
    [
        "null",
        "{}",
        "{dependencies: ['chaostoolkit-lib[jsonpath]>=1.44', chaostoolkit_kubernetes]}",
        "{isolated: true}",
        f"{{version: '{sys.version_info[0]}.{sys.version_info[1]}'}}",
    ],
)
def test_a_python_that_is_there_is_nothing_to_talk_about(
    shop: Shop, python: str
) -> None:
    runtime = f"{{rollbacks: {{strategy: always}}, python: {python}}}"
    shop.change("{rollbacks: {strategy: always}}", runtime, NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is not None
    assert problems == []


def read(tmp_path: Path, provider: str, configuration: str = "{}") -> Any:
    path = tmp_path / "e.yaml"
    path.write_text(
        "title: t\ndescription: d\n"
        f"configuration: {configuration}\n"
        "method:\n  - type: action\n    name: a\n"
        f"    provider: {{type: python, {provider}}}\n",
        encoding="utf-8",
    )
    made, problems = experiment.read(str(path), env={"BY": "200ms"})
    assert made is not None, problems
    return made


FAULTS = [
    ("module: gameday.faults.process, func: kill, arguments: {service: web, signal: TERM}",
     FaultRequest(kind="process.kill", selection=Selection(service="web", count=1), arguments={"signal": "SIGTERM"})),
    ("module: gameday.faults.process, func: kill, arguments: {service: web, signal: 9, share: '34%'}",
     FaultRequest(kind="process.kill", selection=Selection(service="web", share=0.34), arguments={"signal": "SIGKILL"})),
    ("module: gameday.faults.network, func: delay, arguments: {service: web, by: '${by}', jitter: 10ms, peers: 'db, 10.0.0.1', count: '2'}",
     FaultRequest(kind="network.delay", selection=Selection(service="web", count=2), arguments={"by": 0.2, "jitter": 0.01, "peers": ("db", "10.0.0.1")})),
    ("module: gameday.faults.network, func: partition, arguments: {service: '${a}b', peers: [db], instances: [web-1, web-2], duration: 1m30s}",
     FaultRequest(kind="network.partition", selection=Selection(service="web", instances=("web-1", "web-2")), duration=90.0, arguments={"peers": ("db",)})),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "request_"), FAULTS)
def test_faults_are_read_with_their_arguments(
    tmp_path: Path, provider: str, request_: FaultRequest
) -> None:
    made = read(tmp_path, provider, "{by: {type: env, key: BY}, a: we}")
    assert made.faults == (request_,)
    assert made.foreign == ()


def test_a_fault_that_comes_later_is_named(shop: Shop) -> None:
    shop.change("faults.process", "faults.resource", NAME)
    shop.change("func: stop", "func: io", NAME)
    _, problems = experiment.read(str(shop.folder / NAME), env={})
    assert shop.told(problems)[0] == (
        f"{NAME}:22: method[0].provider.func: the fault resource.io is not supported yet"
    )


def test_a_reference_to_a_fault_counts_as_the_fault(shop: Shop) -> None:
    shop.change("rollbacks:\n", "  - ref: stop a replica\nrollbacks:\n", NAME)
    made, _ = experiment.read(str(shop.folder / NAME), env={})
    assert made is not None
    assert len(made.faults) == 2


TYPED: list[tuple[Any, Any, Any]] = [
    (2, "3", 3),
    ("2", 3, "3"),
    (1.5, 2, 2.0),
    (False, "true", True),
    ([1], [2], [2]),
    ({"type": "env", "key": "A", "env_var_type": "int"}, "4", 4),
    ({"type": "env", "key": "A", "default": 2}, "4", 4),
    ({"type": "env", "key": "A"}, 4, "4"),
    ({"type": "env", "key": "A", "env_var_type": "json"}, [1], [1]),
]


@pytest.mark.parametrize(("default", "given", "becomes"), TYPED)
def test_settings_take_the_type_of_what_they_replace(
    tmp_path: Path, default: object, given: object, becomes: object
) -> None:
    path = tmp_path / "e.json"
    document = {"title": "t", "description": "d", "method": []}
    path.write_text(json.dumps({**document, "configuration": {"k": default}}))
    made, problems = experiment.read(str(path), {"k": given}, None, {"A": "1"})
    assert made is not None, problems
    assert made.document["configuration"] == {"k": becomes}


@pytest.mark.parametrize(
    ("default", "given"), [(2, "two"), (2, True), (1.5, "x"), (True, "maybe"), ([], {}), ("a", [])]
)  # fmt: skip
def test_settings_of_another_type_are_refused(
    tmp_path: Path, default: object, given: object
) -> None:
    path = tmp_path / "e.json"
    document = {"title": "t", "description": "d", "method": []}
    path.write_text(json.dumps({**document, "configuration": {"k": default}}))
    made, problems = experiment.read(str(path), {"k": given}, None, {})
    assert made is None
    assert "with.k: " in problems[0].message


def test_json_with_tabs_is_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text('{\n\t"title": "t",\n\t"description": "d",\n\t"method": {}\n}\n')
    _, problems = experiment.read(str(path), env={})
    assert [(problem.line, problem.message) for problem in problems] == [
        (4, "method: a mapping is not a list; expected a list")
    ]


def test_a_secret_of_the_experiment_is_unknown_and_no_mistake(shop: Shop) -> None:
    shop.change(
        "method:\n", "secrets: {k8s: {NAME: {type: env, key: N}}}\nmethod:\n", NAME
    )
    shop.change('"${service}"', '"${NAME}"', NAME)
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert made is not None
    assert made.faults == ()
    assert "the value of NAME is only known in a run" in problems[-1].message


def test_what_the_fixture_says_is_valid_without_a_word(shop: Shop) -> None:
    assert "gameday" in EXPERIMENT
    made, problems = experiment.read(str(shop.folder / NAME), env={})
    assert problems == []
    assert made is not None
    assert made.has_hypothesis
    assert made.document["configuration"]["count"] == 2


_CONTROL = "{name: %s, provider: {type: python, module: m}%s}"


def _errors(shop: Shop, old: str, new: str) -> list[str]:
    path = shop.folder / NAME
    path.write_text(EXPERIMENT.replace(old, new))
    problems = experiment.read(str(path), env={})[1]
    return [problem.id for problem in problems if problem.severity == "error"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tags: [web, capacity]", "controls: [{}]"),
        ("method:\n", "  controls: [{}]\nmethod:\n"),
        (
            "    name: stop a replica\n",
            "    name: stop a replica\n    controls: [{}]\n",
        ),
        ("      name: answers\n", "      name: answers\n      controls: [{}]\n"),
        ("    name: undo\n", "    name: undo\n    controls: [{}]\n"),
    ],
)
def test_a_controls_ref_names_a_control_of_the_experiment(
    shop: Shop, old: str, new: str
) -> None:
    referring, declared = _CONTROL % ("b", ", ref: a"), _CONTROL % ("a", "")
    both = f"{referring}, {declared}"
    assert _errors(shop, old, new.format(referring)) == ["experiment/reference"]
    assert _errors(shop, old, new.format(both)) == []


@pytest.mark.parametrize("ref", ["''", "3", "[a]", "a"])
def test_a_ref_does_not_stand_for_a_controls_name_and_provider(
    shop: Shop, ref: str
) -> None:
    controls = f"controls: [{_CONTROL % ('a', '')}, {{ref: {ref}}}]"
    errors = _errors(shop, "tags: [web, capacity]", controls)
    assert errors.count("experiment/missing-key") == 2
    assert errors.count("experiment/reference") == (ref != "a")
