"""The demo's images: built, given to the nodes, and named in what is applied."""

import json
import os
from pathlib import Path

import pytest
from stage import (  # type: ignore[import-not-found, unused-ignore]
    kubernetes,
    kubernetes_images,
)

DOCKER = """\
#!/bin/sh
[ "$1" = build ] && echo sha256:0123456789abcdef
[ "$1" = images ] && echo there
exit 0
"""
LOADER = '#!/bin/sh\necho "$*" > "$LOADED"\n'
HELPER = "registry.example/gameday-helper:demo"


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a docker and a loader that only say so; return what was loaded."""
    for name, text in {"docker": DOCKER, "push": LOADER}.items():
        program = tmp_path / name
        program.write_text(text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOADED", str(tmp_path / "loaded"))
    monkeypatch.setenv("GAMEDAY_IMAGE_LOADER", str(tmp_path / "push"))
    monkeypatch.setenv("GAMEDAY_HELPER_IMAGE", HELPER)
    monkeypatch.delenv("GAMEDAY_PROMETHEUS", raising=False)
    monkeypatch.delenv("SHOP_IMAGE", raising=False)
    return tmp_path / "loaded"


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("", "docker.io/library/gameday-shop"),
        ("registry.example/s", "registry.example/s"),
    ],
)
def test_that_what_is_loaded_is_what_is_applied(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, named: str, name: str
) -> None:
    monkeypatch.setenv("SHOP_IMAGE", named)
    provided = kubernetes_images.provide("prod", set())
    shop = f"{name}:0123456789ab"
    assert loaded.read_text() == f"{shop} {HELPER}\n"
    (image,) = json.loads(kubernetes.overlay(provided))["images"]
    assert f"{image['newName']}:{image['newTag']}" == shop
    assert image["name"] == "docker.io/library/gameday-shop"  # as the overlay has it


def test_that_what_every_node_has_is_not_loaded_again(loaded: Path) -> None:
    there = {"docker.io/library/gameday-shop:0123456789ab", HELPER}
    kubernetes_images.provide("prod", there)
    assert not loaded.exists()
