"""A demo shop on Docker of which a copy is changed: the bed of planted defects.

All of the shop's containers have the copy of `demo/` mounted over their image's, so a
defect needs no image of its own. What watches (Prometheus, Alertmanager, the pager) is
made anew for each plant, so that nothing is left of the one before; other services
where a plant names them.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo"))

from stage import docker, ready

from tests.real.game_days.play import Played, Stage, ask, container
from tests.real.game_days.play import docker as engine
from tests.shops import ALERTMANAGER, PAGER, PROMETHEUS, ROOT, SHOP

WATCHERS = ("prometheus", "alertmanager", "pager")
PARTS = (*WATCHERS, "haproxy", "web", "worker", "blackbox")
PROGRAMS = {  # where the image has them
    "prometheus": "/usr/bin/prometheus",
    "alertmanager": "/usr/bin/prometheus-alertmanager",
}
SHORT = (
    ("    hold: 15s\n", ""),  # as long as the promises need
    ("rate: 50/s", "rate: 20/s"),  # a busy machine is not to be slow for it
    ("fires_within: 15s", "fires_within: 10s"),
    ("reaches: [oncall, chat]", "reaches: oncall"),
    ("pages_within: 20s", "pages_within: 12s"),
    ("page_resolves_within: 25s", "page_resolves_within: 15s"),
)
PATIENCE = 60.0  # seconds until the shop has to be calm


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of a file's text, and what it is replaced by.

    `file`: of the copy of `demo/`, or `scenario`, `experiment`, `slo`.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A defect: what is changed, and which findings it must yield, and no others.

    `expected`: "fail: reaches pages_within; inconclusive: page_resolves_within".
    `rings`: alerts that the defect itself lets ring before the run. `services`: of
    Compose, with what is different in them. `twin`: changes of a second Prometheus'
    rules. `during`: called with the shop while the fault holds. `breaks`: the shop has
    to be opened anew afterwards.
    """

    name: str
    changes: tuple[Change, ...] = ()
    expected: str = ""
    scenario: str = "lost-replica"
    short: bool = True
    rings: tuple[str, ...] = ()
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    twin: tuple[Change, ...] | None = None
    before: Callable[["Bed"], None] | None = None
    during: Callable[["Bed"], None] | None = None
    words: tuple[str, ...] = ()
    breaks: bool = False

    @property
    def wanted(self) -> set[str]:
        """The findings that are no pass, each as `outcome question`."""
        answers = set[str]()
        for part in filter(None, self.expected.split(";")):
            outcome, _, questions = part.partition(":")
            answers |= {f"{outcome.strip()} {name}" for name in questions.split()}
        return answers


class Bed:
    """A shop that is changed, played on, and mended again."""

    def __init__(self, folder: Path, programs: Path | None) -> None:
        self.folder = folder
        self.stage = Stage(folder)
        self._programs = programs
        self._services: Mapping[str, Mapping[str, Any]] = {}
        self._override = folder / "compose.json"
        os.environ["COMPOSE_FILE"] = f"{ROOT / 'docker-compose.yml'}:{self._override}"

    def up(self) -> None:
        """Open the shop as it is shipped."""
        self._write(Plant(name="sound"))
        self.compose("up", "-d", "--no-build")

    def down(self) -> None:
        """Close it."""
        self.compose("down", "-v", "--remove-orphans", "-t", "1")

    def plant(self, plant: Plant) -> None:
        """Change the shop, and wait until nothing but the expected alerts ring."""
        self._write(plant)
        self._services, before = plant.services, self._services
        changed = [name for name in {*before, *plant.services} if name not in WATCHERS]
        twins = ["twin"] if plant.twin is not None else []
        self._forget()
        flags = ("-d", "--no-build", "--force-recreate", "--remove-orphans", "-t", "1")
        self.compose("up", *flags, *WATCHERS, *twins, *changed)
        self.calm(plant.rings)

    def _forget(self) -> None:
        """Remove what watches: a Prometheus that goes last would tell a new one."""
        for name in ("prometheus", "twin", "alertmanager", "pager"):
            if there := container(f"{name}-1"):
                engine("rm", "-f", there)

    def play(self, plant: Plant) -> Played:
        """Hold the plant's game day."""
        if plant.before is not None:
            plant.before(self)
        shutil.rmtree(self.stage.folder / "out", ignore_errors=True)
        scenario = self._scenario(plant)
        if plant.during is None:
            return self.stage.run(scenario, *plant.words)
        playing = self.stage.start(scenario)
        try:
            playing.until("phase", phase="hold")
            plant.during(self)
        finally:
            played = playing.end()
        return played

    def compose(self, *words: str) -> str:
        """Run a command of Compose on this shop."""
        command = [*(docker.compose() or ()), *words]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def events(self) -> list[dict[str, Any]]:
        """Return the timeline of the run that goes on."""
        path = self.stage.folder / "out" / "timeline.ndjson"
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]]

    def calm(self, rings: Iterable[str]) -> None:
        """Wait until every target was scraped and only these alerts are there."""
        wanted, end = {"Watchdog", *rings}, time.monotonic() + PATIENCE
        while (lacks := self._lacks(wanted)) and time.monotonic() < end:
            time.sleep(0.25)
        if lacks:
            raise SystemExit(f"the shop is not calm after {PATIENCE:.0f} s: {lacks}")

    def _lacks(self, wanted: set[str]) -> str:
        try:
            ready.get(self.stage.shop.url(SHOP, "/checkout"))
            ready.get(self.stage.shop.url(PAGER, "/healthz"))
            answer = ask(PROMETHEUS, "/api/v1/targets?state=active")["data"]
            health = [target["health"] for target in answer["activeTargets"]]
            if not health or "unknown" in health:
                return f"targets: {health}"
            held = ask(ALERTMANAGER, "/api/v2/alerts")
            told = {alert["labels"]["alertname"] for alert in held}
            if told != wanted:
                return f"Alertmanager holds {sorted(told)}, not {sorted(wanted)}"
            alerts = ask(PROMETHEUS, "/api/v1/alerts")["data"]["alerts"]
            names = {alert["labels"]["alertname"] for alert in alerts}
            return "" if names == wanted else f"alerts: {sorted(names)}"
        except (OSError, ValueError, KeyError) as error:
            return str(error)

    # --- what is written ---

    def _write(self, plant: Plant) -> None:
        """Write the copy of `demo/` and what tells Compose of it."""
        demo = self.folder / "demo"
        self._copy(demo, plant.changes)
        services = {name: {"volumes": self._volumes(name, demo)} for name in PARTS}
        if plant.twin is not None:
            other = self.folder / "twin"
            self._copy(other, plant.twin)
            services["twin"] = {
                "image": "gameday-shop",
                "user": "prometheus",
                "command": TWIN,
                "dns": "127.0.0.1",
                "depends_on": ["web"],
                "volumes": self._volumes("prometheus", other),
            }
        for name, own in plant.services.items():
            services[name] = {**services.get(name, {}), **own}
        document = {"services": services}
        self._override.write_text(json.dumps(document, indent=2))

    def _volumes(self, name: str, demo: Path) -> list[str]:
        mounts = [
            f"{demo}:/opt/shop/demo:ro",
            f"{ROOT / 'gameday'}:/opt/shop/gameday:ro",
        ]
        program = None if self._programs is None else self._programs / name
        if name in PROGRAMS and program is not None:
            mounts.append(f"{program}:{PROGRAMS[name]}:ro")
        return mounts

    def _copy(self, folder: Path, changes: Iterable[Change]) -> None:
        ignored = shutil.ignore_patterns("__pycache__")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "demo", folder, ignore=ignored, dirs_exist_ok=True)
        for change in changes:
            path = folder / change.file
            if path.is_file():
                path.write_text(_changed(path.read_text(), change))

    def _scenario(self, plant: Plant) -> Path:
        """Write the scenario with its experiment and its SLO; return its path."""
        source = ROOT / "scenarios" / f"{plant.scenario}.yaml"
        text = source.read_text()
        for old, new in SHORT if plant.short else ():
            text = text.replace(old, new)
        named = next(line for line in text.splitlines() if "experiment:" in line)
        experiment = (source.parent / named.split()[-1]).resolve()
        texts = {
            "scenario": text,
            "experiment": experiment.read_text(),
            "slo": (ROOT / "slos" / "checkout.yaml").read_text(),
        }
        for change in plant.changes:
            if change.file in texts:
                texts[change.file] = _changed(texts[change.file], change)
        for name in ("experiment", "slo"):
            (self.folder / f"{name}.yaml").write_text(texts[name])
        text = texts["scenario"]
        text = text.replace(f"../experiments/{experiment.name}", "experiment.yaml")
        text = text.replace("../slos/checkout.yaml", "slo.yaml")
        text = text.replace("../slos/", f"{ROOT}/slos/")
        path = self.folder / "scenario.yaml"
        path.write_text(self.stage.shop.placed(text))
        return path


TWIN = [
    *("demo/image/with-names", "--render", "demo/prometheus.yaml", "prometheus"),
    *("--config.file=/tmp/prometheus.yaml", "--storage.tsdb.path=/tmp/prometheus"),
]


def _changed(text: str, change: Change) -> str:
    if change.old not in text:
        raise SystemExit(f"{change.file} does not hold {change.old!r}")
    return text.replace(change.old, change.new, 1)
