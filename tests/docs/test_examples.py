"""The pages' own examples, run as a reader would run them."""

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import Block, commands, fits, read, run
from tests.docs.conftest import ROOT
from tests.real.observers.lab import debian_programs

PAGES = [
    ROOT / "README.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name != "reference"
    ),
]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def play(page: Path, words: set[str], folder: Path, env: dict[str, str]) -> int:
    """Run a page's marked blocks in order; return how many commands were run."""
    count = 0
    for block in read(page):
        if block.kind == "file":
            (folder / block.word).write_text(block.text)
        elif block.word in words:
            count += _all(block, folder, env)
    return count


def _all(block: Block, folder: Path, env: dict[str, str]) -> int:
    for command, wanted in commands(block):
        said = run(command, folder, env)
        assert fits(said, wanted), f"$ {command}\n{said}\n--- the page says:\n{wanted}"
    return len(commands(block))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_what_runs_anywhere(
    page: Path, folder: Path, environment: dict[str, str]
) -> None:
    marked = {block.word for block in read(page) if block.kind == "test"}
    assert marked <= {"anywhere", "docker", "kubernetes", "prometheus"}
    ran = play(page, {"anywhere"}, folder, environment)
    assert (ran > 0) == ("anywhere" in marked)


@pytest.mark.docker
@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.word == "docker" for block in read(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_what_needs_the_shop(
    page: Path, folder: Path, environment: dict[str, str]
) -> None:
    assert play(page, {"anywhere", "docker"}, folder, environment) > 0


@pytest.mark.alerting
def test_what_needs_prometheus(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    page = ROOT / "docs" / "how-to" / "replay-a-pull-request.md"
    named = os.environ.get("GAMEDAY_TEST_PROMETHEUS") or shutil.which("prometheus")
    if named is None:
        named = debian_programs(tmp_path)["prometheus"]
    path = f"{Path(named).parent}{os.pathsep}{environment['PATH']}"
    assert play(page, {"prometheus"}, folder, {**environment, "PATH": path}) > 0


@pytest.mark.kubernetes
def test_what_needs_a_cluster(
    folder: Path, environment: dict[str, str], cluster_shop: dict[str, str]
) -> None:
    page = ROOT / "docs" / "tutorial-kubernetes.md"
    assert play(page, {"kubernetes"}, folder, {**environment, **cluster_shop}) > 0


def test_an_ellipsis_stands_for_anything_and_nothing_else_does() -> None:
    assert fits("a 1 b\n", "a … b\n")
    assert fits("x\ny\nlast\n", "…\nlast\n")
    assert fits("last\n", "…\nlast\n")
    assert not fits("a 1 c\n", "a … b\n")
    assert not fits("a\nb\n", "a\n")
    assert not fits("a.b\n", "a?b\n")


def test_a_command_that_fails_says_so(tmp_path: Path) -> None:
    assert run("echo so; exit 3", tmp_path, {}) == "so\n(exit code 3)\n"
