"""The demo goes to no cluster that was not named, with a stand-in for kubectl."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KUBECTL = """\
#!/bin/sh
echo "$*" >> "$CALLS"
[ "$*" = "config get-contexts -o name" ] && {{ printf '{names}'; exit 0; }}
[ "$1" = config ] && {{ echo current; exit 0; }}
exit 0
"""
Said = subprocess.CompletedProcess[str]


@pytest.fixture
def demo(tmp_path: Path) -> Callable[..., Said]:
    def go(word: str, contexts: list[str], **named: str) -> Said:
        program = tmp_path / "kubectl"
        program.write_text(KUBECTL.format(names="".join(f"{c}\\n" for c in contexts)))
        program.chmod(0o755)
        return subprocess.run(
            [sys.executable, str(ROOT / "demo" / "kubernetes"), word],
            env={
                "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                "CALLS": str(tmp_path / "calls"),
                **named,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return go


@pytest.mark.parametrize("word", ["look", "up", "play", "down"])
@pytest.mark.parametrize(
    ("contexts", "named", "says"),
    [
        (["prod", "kind-shop"], {}, "which cluster?; name one as CONTEXT=…"),
        (["prod", "kind-shop"], {"CONTEXT": "kind"}, "no context 'kind'; name one"),
        (["prod"], {"CONTEXT": "kind"}, "no context 'kind'; name one"),
        ([], {}, "the kubeconfig has no context"),
    ],
)
def test_that_a_cluster_has_to_be_named(
    demo: Callable[..., Said],
    tmp_path: Path,
    word: str,
    contexts: list[str],
    named: dict[str, str],
    says: str,
) -> None:
    done = demo(word, contexts, **named)
    assert done.returncode == 2
    assert says in done.stderr
    assert all(context in done.stderr for context in contexts)
    asked = (tmp_path / "calls").read_text()
    assert asked == "config get-contexts -o name\n"


def test_that_looking_touches_nothing(
    demo: Callable[..., Said], tmp_path: Path
) -> None:
    done = demo("look", ["kind-shop"])
    assert (done.returncode, done.stdout) == (0, "")
    calls = (tmp_path / "calls").read_text()
    assert calls == "config get-contexts -o name\n"


def test_that_the_context_is_looked_for_before_anything_is_built() -> None:
    recipes = (ROOT / "Makefile").read_text().split("\n\n")
    for name in ("demo-kubernetes:", "up-kubernetes:"):
        (recipe,) = [line for line in recipes if line.startswith(name)]
        lines = recipe.splitlines()[1:]
        assert lines[0] == "\t@python3 demo/kubernetes look"
        assert "demo/venv" in lines[1]


def test_that_the_only_one_is_meant_and_named(
    demo: Callable[..., Said], tmp_path: Path
) -> None:
    done = demo("down", ["kind-shop"])
    assert done.returncode == 0, done.stderr
    assert done.stdout == "shop: on the cluster of context kind-shop\n"
    assert "--context kind-shop" in (tmp_path / "calls").read_text()


def test_that_the_named_one_is_taken(demo: Callable[..., Said], tmp_path: Path) -> None:
    assert demo("down", ["a", "b"], CONTEXT="b").returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()[1:]
    assert calls
    assert all(call.startswith("--context b ") for call in calls)
