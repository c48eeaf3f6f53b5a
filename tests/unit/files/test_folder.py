"""Which files of a folder are looked at."""

import os
import subprocess
from pathlib import Path

import pytest

from gameday.files.folder import Excluded, files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


def _write(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _seen(root: Path, *globs: str) -> list[str]:
    return [os.path.relpath(path, root) for path in files(str(root), Excluded(globs))]


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def test_yaml_json_and_rules_are_seen_in_order(root: Path) -> None:
    _write(root, "b.yml", "a.yaml", "c/d.json", "c/alert.rules", "x.txt", ".ci/a.yaml")
    assert _seen(root) == ["a.yaml", "b.yml", ".ci/a.yaml", "c/alert.rules", "c/d.json"]


def test_what_is_never_ours_is_left_out(root: Path) -> None:
    _write(root, ".git/a.yaml", "node_modules/a.yaml", "a/__pycache__/b.yaml", "k.yaml")
    _write(root, "env/pyvenv.cfg", "env/lib/a.yaml")
    assert _seen(root) == ["k.yaml"]


def test_what_git_ignores_is_left_out(root: Path) -> None:
    _git(root, "init", "-q")
    _write(root, ".gitignore", text="build/\n*.gen.yaml\n!kept.gen.yaml\n")
    _write(root, "build/a.yaml", "a.gen.yaml", "kept.gen.yaml", "deep/b.gen.yaml")
    _write(root, "deep/c.yaml", "tracked.gen.yaml")
    _git(root, "add", "-f", "tracked.gen.yaml")
    assert _seen(root) == ["kept.gen.yaml", "tracked.gen.yaml", "deep/c.yaml"]
    # A folder that is named is looked at, also where git ignores it.
    assert _seen(root / "build") == ["a.yaml"]


def test_a_repository_in_a_repository_has_its_own_wishes(root: Path) -> None:
    _git(root, "init", "-q")
    _write(root, "module/.gitignore", text="*.gen.yaml\n")
    _write(root, "module/a.gen.yaml", "module/b.yaml")
    _git(root / "module", "init", "-q")
    assert _seen(root) == ["module/b.yaml"]


def test_gitignore_counts_without_a_repository(root: Path) -> None:
    _write(root, ".gitignore", text="build/\n")
    _write(root, "build/a.yaml", "b.yaml")
    assert _seen(root) == ["b.yaml"]


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("b.yaml", ["a.yaml", "d/c.yaml"]),
        ("d", ["a.yaml", "b.yaml"]),
        ("d/", ["a.yaml", "b.yaml"]),
        ("d/*", ["a.yaml", "b.yaml"]),
        ("d/**", ["a.yaml", "b.yaml"]),
        ("**/b.yaml", ["a.yaml", "d/c.yaml"]),
        ("./d/b.yaml", ["a.yaml", "b.yaml", "d/c.yaml"]),
        ("[ab].yaml", ["d/c.yaml"]),
        ("e", ["a.yaml", "b.yaml", "d/b.yaml", "d/c.yaml"]),
    ],
)
def test_globs_leave_out_files_and_folders(
    root: Path, glob: str, left: list[str]
) -> None:
    _write(root, "a.yaml", "b.yaml", "d/b.yaml", "d/c.yaml")
    assert _seen(root, glob) == left


def test_links_out_of_the_folder_are_not_followed(root: Path) -> None:
    _write(root.parent, "outside.yaml", "outside/a.yaml")
    _write(root, "a.yaml")
    (root / "out.yaml").symlink_to("../outside.yaml")
    (root / "out").symlink_to("../outside")
    (root / "gone.yaml").symlink_to("nowhere.yaml")
    assert _seen(root) == ["a.yaml"]


def test_links_in_the_folder_are_seen_once(root: Path) -> None:
    _write(root, "..data/a.txt")
    (root / "a.yaml").symlink_to("..data/a.txt")
    (root / "b.yaml").symlink_to("a.yaml")
    (root / "loop").symlink_to(".")
    assert _seen(root) == ["a.yaml"]
