"""A repository as people have them: what gameday reads beside what it does not."""

import shutil
from pathlib import Path

from gameday.files.check import CheckResult, check

SAMPLES = Path(__file__).parents[2] / "samples"
# file -> (what is right, a mistake in its place): one for each kind of file.
MISTAKES = {
    "alerting/prometheus.yml": ("scrape_interval: 15s", "scrap_interval: 15s"),
    "alerting/alertmanager.yml": ("receiver: oncall", "receiver: on-call"),
    "alerting/rules/web.yaml": ("(http_requests_total[5m])", "(http_requests_total)"),
    "alerting/rules/node.rules": ("fstype!~", "fstype!=~"),
    "kubernetes/rules.yaml": ("queue_length > 100", "queue_length >> 100"),
    "kubernetes/list.yaml": ("vector(1)", "vector(1"),
    "slo/openslo.yaml": ("target: 0.999", "target: 99.9"),
    "slo/sloth.yml": ("objective: 99.9", "objective: 999"),
    "slo/pyrra.yaml": ("window: 4w", "window: month"),
    "experiments/stop.json": ('"type": "action"', '"type": "act"'),
    "experiments/pause.yaml": ("func: pause", "func: paus"),
    "scenario.yaml": ("hold: 60s", "hold: long"),
}


def lay_out(root: Path, folders: int) -> None:
    """Write so many services, each with a file of every kind and its neighbours."""
    for number in range(folders):
        shutil.copytree(SAMPLES, root / "services" / f"shop-{number:02}")


def plant(root: Path, folder: int, name: str) -> Path:
    """Put the mistake of its kind into a file, and return the file."""
    right, wrong = MISTAKES[name]
    file = root / "services" / f"shop-{folder:02}" / name
    text = file.read_text()
    assert right in text, name
    file.write_text(text.replace(right, wrong))
    return file


def judged(root: Path) -> CheckResult:
    """Return what `gameday check` finds in the repository."""
    return check([str(root)], {}, None)


def refused(result: CheckResult) -> set[str]:
    """Return the files that are named as wrong."""
    return {problem.path for problem in result.problems if problem.severity == "error"}
