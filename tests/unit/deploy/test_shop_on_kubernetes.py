"""What deploy/kubernetes has of demo/ stays the same; what differs is named here."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "demo"
BASE = ROOT / "deploy" / "kubernetes" / "base"
CONFIG = BASE / "config"
# A pod that is scaled away leaves Prometheus's targets: see the file's own words.
OTHERWISE = {"LoadBalancerDown", "TargetMissing", "WorkerDown"}


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules(path: Path) -> dict[str, dict[str, Any]]:
    (group,) = loaded(path)["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def plain(path: Path) -> list[str]:
    """Return a file's lines without comments and empty ones."""
    lines = (line.split("#", 1)[0].rstrip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize("name", ["alertmanager.yaml", "blackbox.yaml"])
def test_that_a_copied_file_is_the_demos_own(name: str) -> None:
    assert (CONFIG / name).read_bytes() == (DEMO / name).read_bytes()


def test_that_rules_differ_in_three_expressions_only() -> None:
    here, there = rules(CONFIG / "rules.yaml"), rules(DEMO / "rules.yaml")
    assert list(here) == list(there)
    differing = {name for name in here if here[name] != there[name]}
    assert differing == OTHERWISE
    for name in OTHERWISE:
        assert here[name] | {"expr": ""} == there[name] | {"expr": ""}


def test_that_the_balancer_differs_only_in_how_it_finds_replicas() -> None:
    names = {"resolvers", "nameserver", "parse-resolv-conf", "accepted_payload_size"}
    where = {"bind", "server", "server-template", "default-server", "http-check"}

    def rest(path: Path) -> set[str]:
        return {line for line in plain(path) if not set(line.split()) & (names | where)}

    here, there = rest(CONFIG / "haproxy.cfg"), rest(DEMO / "haproxy.cfg")
    assert here == there


def test_that_jobs_have_the_names_they_have_on_docker() -> None:
    def jobs(path: Path) -> set[str]:
        return {job["job_name"] for job in loaded(path)["scrape_configs"]}

    here, there = jobs(CONFIG / "prometheus.yaml"), jobs(DEMO / "prometheus.yaml")
    assert here - there == {"kube-state-metrics"}
    assert there <= here


def test_that_every_service_of_compose_is_a_workload_of_its_name() -> None:
    services = set(loaded(ROOT / "docker-compose.yml")["services"])
    files = loaded(BASE / "kustomization.yaml")["resources"]
    objects = [
        resource
        for name in files
        for resource in yaml.safe_load_all((BASE / name).read_text())
    ]
    workloads = {
        resource["metadata"]["name"]: resource["spec"]["template"]["spec"]
        for resource in objects
        if resource["kind"] in ("Deployment", "StatefulSet")
    }
    assert set(workloads) == services
    for name, pod in workloads.items():
        (container,) = pod["containers"]
        assert container["name"] == name
        assert {"readinessProbe", "resources"} <= set(container)
        assert pod["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize(
    "twin", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem
)
def test_that_scenarios_differ_only_in_where_things_are(twin: Path) -> None:
    here, there = loaded(twin.parent / "kubernetes" / twin.name), loaded(twin)
    for scenario in (here, there):
        for key in ("target", "observe", "slos"):
            scenario.pop(key)
        scenario["load"].pop("url")
        for step in scenario["steps"]:
            step["experiment"] = Path(step["experiment"]).name
    for step in here["steps"]:
        assert set(step.pop("with")) == {"shop"}
    assert here == there
