"""A misspelt key is told with the right one, at each place where keys stand."""

import re
from pathlib import Path

import pytest

from gameday.errors import InvalidFile
from gameday.files import gate_policy
from tests.unit.files.shop import Shop

SERVER = "{url: 'http://127.0.0.1:9090', %s}"


@pytest.mark.parametrize(
    ("old", "new", "place", "meant"),
    [
        ("  owner: payments", "  ownr: payments", "metadata.ownr", "owner"),
        ("project: shop", "project: shop, hots: x", "target.docker.hots", "host"),
        ("rules: [", "ruls: [", "observe.files.ruls", "rules"),
        (
            "http://127.0.0.1:9090",
            SERVER % "auth: {bearr: {env: X}}",
            "observe.prometheus.auth.bearr",
            "bearer",
        ),
        (
            "http://127.0.0.1:9090",
            SERVER % "auth: {bearer: {fiel: x}}",
            "observe.prometheus.auth.bearer.fiel",
            "file",
        ),
        (
            "http://127.0.0.1:9090",
            SERVER % "tls: {verfy: false}",
            "observe.prometheus.tls.verfy",
            "verify",
        ),
        (
            "http://127.0.0.1:9090",
            SERVER % "headers: {A: {fiel: x}}",
            "observe.prometheus.headers.A.fiel",
            "file",
        ),
        ("rate: 50/s", "rat: 50/s", "load.rat", "rate"),
        ("rate: 50/s", "rate: 50/s\n  heders: {A: b}", "load.heders", "headers"),
        (
            "rate: 50/s",
            "rate: 50/s\n  headers: {A: {fil: x}}",
            "load.headers.A.fil",
            "file",
        ),
        (
            "budget_spent",
            "budgt_spent",
            "guardrails[0].stop_when.budgt_spent",
            "budget_spent",
        ),
        (", for: 5s", ", evry: 5s", "guardrails[1].evry", "every"),
        ("at_most: 1, ", "at_mots: 1, ", "blast_radius.at_mots", "at_most"),
        ("steps:", "drift: {teraform: x}\nsteps:", "drift.teraform", "terraform"),
        ("    with: ", "    wiht: ", "steps[0].wiht", "with"),
        (
            "    experiment: ",
            "    experimnt: ",
            "steps[0].experimnt",
            "experiment",
        ),
    ],
)
def test_of_a_scenario(shop: Shop, old: str, new: str, place: str, meant: str) -> None:
    shop.change(old, new)
    key = place.rpartition(".")[2]
    said = f'{place}: {key!r} is an unknown key; did you mean "{meant}"?'
    assert [problem for problem in shop.said() if said in problem]


FREE = {"tier", "severity"}  # labels: their names are anybody's


def test_nothing_is_told_beside_it_whichever_key_it_is(shop: Shop) -> None:
    text = shop.scenario.read_text()
    keys = re.finditer(r"(?:^ *(?:- )?|[{,] *)([a-z_A-Z]{4,}):", text, re.MULTILINE)
    told: dict[str, list[str]] = {}
    for match in keys:
        key = match[1]
        misspelt = key[:2] + key[3] + key[2] + key[4:]
        if key in FREE or misspelt == key:
            continue
        shop.scenario.write_text(
            text[: match.start(1)] + misspelt + text[match.end(1) :]
        )
        problems = shop.said()
        if len(problems) != 1 or f'did you mean "{key}"?' not in problems[0]:
            told[misspelt] = problems
    assert told == {}


def test_what_is_wrong_below_a_misspelt_key_is_told_with_it(shop: Shop) -> None:
    shop.change("    expect:", "    expcet:")
    shop.change("fires_within: 30s", "fires_wihtin: soon")
    told = shop.said()
    assert len(told) == 3
    assert "steps[0].expcet: 'expcet' is an unknown key" in told[0]
    assert "alerts[0].fires_wihtin: 'fires_wihtin' is an unknown key" in told[1]
    assert "alerts[0].fires_within: 'soon' is not a duration" in told[2]


def test_a_key_that_is_there_already_is_not_replaced(shop: Shop) -> None:
    shop.change("    hold: ", "    hodl: 1h\n    hold: ")
    (told,) = shop.said()
    assert "steps[0].hodl: 'hodl' is an unknown key; did you mean \"hold\"?" in told


@pytest.mark.parametrize(
    ("line", "place", "meant"),
    [
        ("metadata: {name: g, nmae: x}", "metadata.nmae", "name"),
        ("proof: {max_aeg: 30d}", "proof.max_aeg", "max_age"),
        ("slos: [{slo: a, windw: 30d}]", "slos[0].windw", "window"),
        ("slos: [{slo: a, burn: {fats: 1}}]", "slos[0].burn.fats", "fast"),
        (
            f"prometheus: {SERVER % 'tls: {verfy: true}'}",
            "prometheus.tls.verfy",
            "verify",
        ),
        ("regresions: fail", "regresions", "regressions"),
    ],
)
def test_of_a_gate_policy(tmp_path: Path, line: str, place: str, meant: str) -> None:
    file = tmp_path / "gate.yaml"
    named = "" if line.startswith("metadata") else "metadata: {name: g}\n"
    head = f"apiVersion: gameday/v1\nkind: GatePolicy\n{named}"
    file.write_text(f"{head}{line}\n")
    with pytest.raises(InvalidFile) as refused:
        gate_policy.read(str(file), {})
    (problem,) = refused.value.problems
    key = place.rpartition(".")[2]
    said = f'{place}: {key!r} is an unknown key; did you mean "{meant}"?'
    assert problem.message == said
