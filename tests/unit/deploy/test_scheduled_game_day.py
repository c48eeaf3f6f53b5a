"""What the page on game days in a cluster tells to install: it is whole, and passes."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.targets.kubernetes.rbac import rights

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy" / "gameday"
PAGE = ROOT / "docs" / "how-to" / "in-a-cluster.md"
KINDS = ("scenarios", "experiments", "slos")
IMAGE = "registry.example/gameday:0.1.0"


def program(name: str) -> str:
    path = os.environ.get(f"GAMEDAY_TEST_{name.upper()}") or shutil.which(name)
    if path is None:
        pytest.skip(f"version: no {name} here")
    return path


def said(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def by_helm() -> list[dict[str, Any]]:
    """Render what the page's own command would install."""
    command = re.compile(r"^\$ helm (install (?:.*\\\n)*.*)", re.MULTILINE)
    installing = command.search(PAGE.read_text())
    assert installing is not None
    words = shlex.split(installing[1].replace("\\\n", ""))
    words = ["template", *words[1:]]
    return said(program("helm"), *words)


def by_kustomize() -> list[dict[str, Any]]:
    return said(program("kubectl"), "kustomize", str(DEPLOY / "example"))


BOTH = pytest.mark.parametrize("ways", [by_helm, by_kustomize])


def container(made: Sequence[dict[str, Any]]) -> dict[str, Any]:
    (cron,) = (resource for resource in made if resource["kind"] == "CronJob")
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    main: dict[str, Any] = pod["containers"][0]
    return main


@BOTH
def test_that_its_files_pass_the_check(ways: Any, tmp_path: Path) -> None:
    made = ways()
    maps = {
        resource["metadata"]["name"]: resource
        for resource in made
        if resource["kind"] == "ConfigMap"
    }
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        (data,) = (
            resource["data"]
            for name, resource in maps.items()
            if f"gameday-{kind}" in name
        )
        for name, text in data.items():
            (tmp_path / kind / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "gameday", "check", *KINDS],
        cwd=tmp_path,
        env={**os.environ, "GAMEDAY_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "1 scenario, 1 experiment, 2 slos: all good\n"
    (scenario,) = (tmp_path / "scenarios").iterdir()
    target = yaml.safe_load(scenario.read_text())["target"]
    assert target == {"kubernetes": {"context": "in-cluster", "namespace": "shop"}}


@BOTH
def test_that_helpers_are_made_of_the_image_that_was_pushed(ways: Any) -> None:
    main = container(ways())
    env = {variable["name"]: variable["value"] for variable in main["env"]}
    assert main["image"] == IMAGE
    assert env == {
        "GAMEDAY_HELPER_IMAGE": IMAGE,
        "SHOP_URL": "http://haproxy.shop:8080",
    }


@BOTH
def test_that_the_rights_are_those_of_its_fault(ways: Any) -> None:
    wanted = {f"gameday-{name}" for name in rights.capabilities_for(["process.stop"])}
    roles = {way["metadata"]["name"] for way in ways() if way["kind"] == "Role"}
    assert roles == wanted
