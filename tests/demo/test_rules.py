"""The demo's rules and routes: sound, complete, with one planted defect and no more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "demo"


def staged(expression: str) -> object:
    """Return what an expression over demo/stage gives, evaluated apart."""
    code = (
        "import json; from stage import DEMO, local, programs;"
        f"print(json.dumps({expression}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=DEMO,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        pytest.skip(f"the shop's programs cannot be had: {done.stderr[-300:]}")
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def programs() -> dict[str, str]:
    """Return the paths of the local shop's programs."""
    paths = staged("programs.find()")
    assert isinstance(paths, dict)
    return paths


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((DEMO / "rules.yaml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def routed() -> set[str]:
    routes = yaml.safe_load((DEMO / "alertmanager.yaml").read_text())["route"]["routes"]
    matched = [route["matchers"][0].split('"')[1] for route in routes]
    return {severity for severities in matched for severity in severities.split("|")}


def beside(programs: dict[str, str], program: str, tool: str) -> str:
    path = Path(programs[program]).with_name(tool)
    if not path.exists():
        pytest.skip(f"there is no {tool} beside {program}")
    return str(path)


def passes(*command: str | Path, cwd: Path = DEMO) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"]
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"].startswith("https://")


def test_exactly_one_alert_is_routed_wrongly_on_purpose() -> None:
    lost = [r["alert"] for r in rules() if r["labels"]["severity"] not in routed()]
    assert lost == ["WorkerDown"]


@pytest.mark.alerting
def test_prometheus_takes_the_rules(programs: dict[str, str]) -> None:
    promtool = beside(programs, "prometheus", "promtool")
    assert f"{len(rules())} rules found" in passes(
        promtool, "check", "rules", "rules.yaml"
    )
    passes(promtool, "check", "config", "--syntax-only", "prometheus.yaml")


@pytest.mark.alerting
def test_the_rules_do_what_they_promise(programs: dict[str, str]) -> None:
    promtool = beside(programs, "prometheus", "promtool")
    passes(promtool, "test", "rules", HERE / "rules_test.yaml")


@pytest.mark.alerting
@pytest.mark.parametrize(
    ("severity", "receiver"),
    [
        ("page", "chat,oncall"),
        ("ticket", "chat,team"),
        ("info", "chat"),
        ("pgae", "team"),
    ],
)
def test_severity_decides_who_hears_it(
    programs: dict[str, str], severity: str, receiver: str
) -> None:
    amtool = beside(programs, "alertmanager", "amtool")
    passes(amtool, "check-config", "alertmanager.yaml")
    command = [amtool, "config", "routes", "test", "--config.file=alertmanager.yaml"]
    assert passes(*command, f"severity={severity}").strip() == receiver


def test_nothing_but_loopback_and_the_shop_is_spoken_to() -> None:
    services = yaml.safe_load((DEMO.parent / "docker-compose.yml").read_text())
    known = {*services["services"], "localhost", "web-1", "web-2", "web-3"}
    text = (DEMO / "alertmanager.yaml").read_text()
    hosts = {line.split("//")[1].split(":")[0] for line in text.split() if "//" in line}
    jobs = yaml.safe_load((DEMO / "prometheus.yaml").read_text())["scrape_configs"]
    for job in jobs:
        for targets in job["static_configs"]:
            hosts |= {target.split(":")[0] for target in targets["targets"]}
    assert hosts - known == set()


def test_ports_are_published_on_loopback_only() -> None:
    services = yaml.safe_load((DEMO.parent / "docker-compose.yml").read_text())
    ports = [
        port for part in services["services"].values() for port in part.get("ports", ())
    ]
    assert ports
    assert all(port.startswith("${SHOP_ADDRESS:-127.0.0.1}:") for port in ports)


@pytest.mark.parametrize("name", ["prometheus.yaml", "alertmanager.yaml"])
def test_the_local_form_leaves_no_name_of_dockers(name: str) -> None:
    text = staged(f"local.rendered((DEMO / {json.dumps(name)}).read_text())")
    loaded = yaml.safe_load(str(text))
    flat = json.dumps(loaded)
    addresses = {
        word for word in flat.replace('"', " ").replace("/", " ").split() if ":" in word
    }
    dialled = {word for word in addresses if word.rpartition(":")[2].isdigit()}
    assert dialled
    assert all(word.startswith("127.0.0.1:") for word in dialled)
