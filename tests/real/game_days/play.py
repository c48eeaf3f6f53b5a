"""Runs `gameday` as a user would, and reads what it leaves."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shops import READERS, ROOT, own

GAMEDAY = (sys.executable, "-m", "gameday")
LONGEST = 240.0  # seconds that a game day may take


@dataclass
class Played:
    """A run that is over."""

    code: int
    folder: Path
    text: str

    @property
    def verdict(self) -> dict[str, Any]:
        path = self.folder / "verdict.json"
        assert path.exists(), self.text
        document: dict[str, Any] = json.loads(path.read_text())
        return document

    @property
    def timeline(self) -> list[dict[str, Any]]:
        lines = (self.folder / "timeline.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.timeline if event["kind"] == kind]

    def finding(self, question: str) -> dict[str, Any]:
        findings = [f for f in self.verdict["findings"] if f["question"] == question]
        assert findings, f"no finding answers {question}"
        first: dict[str, Any] = findings[0]
        return first

    def must_pass(self) -> None:
        """Assert that everything passed; what the run said of itself is the message."""
        assert (self.code, self.not_passed()) == (0, []), self.text

    def not_passed(self) -> list[tuple[str, str, str]]:
        return [
            (f["outcome"], f["question"], f["because"])
            for f in self.verdict["findings"]
            if f["outcome"] != "pass"
        ]


class Stage:
    """One test's home, scenarios and output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shop = own()
        home = {"GAMEDAY_HOME": str(folder / "home")}
        self.environment = {**os.environ, **self.shop.environment, **home}

    def scenario(self, name: str) -> Path:
        """Return a shipped scenario: the file itself, or a copy for another shop."""
        path = ROOT / "scenarios" / f"{name}.yaml"
        if self.shop == READERS:
            return path
        return self.changed(f"{name}.yaml", name=path.name)

    def gameday(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*GAMEDAY, *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def run(self, scenario: Path | str, *words: str) -> Played:
        """Run a scenario to its end."""
        out = self.folder / "out"
        done = self.gameday("run", str(scenario), "--out", str(out), *words)
        return Played(done.returncode, out, done.stdout + done.stderr)

    def start(self, scenario: Path | str) -> "Playing":
        """Start a scenario and go on."""
        return Playing(self, scenario)

    def changed(
        self, scenario: str, *changes: tuple[str, str], name: str = "changed.yaml"
    ) -> Path:
        """Return a copy of a shipped scenario with pieces of its text replaced."""
        path = ROOT / "scenarios" / scenario
        text = re.sub(r"(\.\./)+", f"{ROOT}/", path.read_text())
        for old, new in changes:
            assert old in text, f"{scenario} does not hold {old!r}"
            text = text.replace(old, new)
        copy = self.folder / name
        copy.write_text(self.shop.placed(text))
        return copy


class Playing:
    """A run that goes on."""

    def __init__(self, stage: Stage, scenario: Path | str) -> None:
        self.folder = stage.folder / "out"
        self.process = subprocess.Popen(
            [*GAMEDAY, "run", str(scenario), "--out", str(self.folder)],
            cwd=ROOT,
            env=stage.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait until the timeline has such an event; return it."""

        def look() -> dict[str, Any] | None:
            for event in _events(self.folder / "timeline.ndjson"):
                if event["kind"] == kind and fields.items() <= event.items():
                    return event
            assert self.process.poll() is None, self.process.stdout.read()  # type: ignore[union-attr]
            return None

        seen_event: dict[str, Any] = wait_for(look, 60.0, f"{kind} {fields}")
        return seen_event

    def end(self) -> Played:
        """Wait for its end."""
        text, _ = self.process.communicate(timeout=LONGEST)
        return Played(self.process.returncode, self.folder, text)


def _events(path: Path) -> Iterable[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def wait_for(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return what `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = look()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


def ask(port: int, path: str) -> Any:
    """Return the JSON that one of the shop's ports answers."""
    url = own().url(port, path)
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def docker(*words: str) -> str:
    """Run a docker command; return what it prints."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def container(name: str) -> str:
    """Return the id of a service's instance, by the labels of Compose."""
    service, _, number = name.rpartition("-")
    labels = {
        "com.docker.compose.project": own().project,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": number,
    }
    filters = [w for k, v in labels.items() for w in ("--filter", f"label={k}={v}")]
    return docker("ps", "-aq", *filters)
