"""The reference is what the code says, and the site is whole."""

import re
import subprocess
import sys
from pathlib import Path

from gameday.checks.judge import CHECKS
from gameday.cli.main import ROOMS, VERBS
from gameday.model.faults.catalogue import CATALOGUE
from tests.docs.conftest import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_the_reference_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_every_verb_is_documented() -> None:
    page = (REFERENCE / "commands.md").read_text()
    assert [verb for verb in VERBS if f"## gameday {verb}\n" not in page] == []


def test_every_verb_has_a_module_and_every_module_a_verb() -> None:
    modules = (ROOT / "gameday" / "cli").glob("*/*.py")
    with_command = {
        path.stem for path in modules if "\ndef command(" in path.read_text()
    }
    assert with_command == set(VERBS)
    assert sorted(VERBS) == sorted(verb for room in ROOMS.values() for verb in room)


def test_every_fault_is_documented() -> None:
    generated = (REFERENCE / "faults.md").read_text()
    explained = (ROOT / "docs" / "explanation" / "faults.md").read_text()
    assert [n for n in CATALOGUE if f"`{n}`" not in generated] == []
    assert [n for n in CATALOGUE if f"`{n}`" not in explained] == []


def test_every_question_is_documented() -> None:
    page = (REFERENCE / "questions.md").read_text()
    assert [name for name in CHECKS if f"| `{name}` |" not in page] == []
    assert "|  |" not in page


def test_the_site_builds_without_a_complaint(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q"]
    done = subprocess.run(
        [*command, "-f", ROOT / "mkdocs.yml", "-d", tmp_path / "site"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").exists()


def test_every_link_between_the_pages_leads_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "bench/README.md"]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in link.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
