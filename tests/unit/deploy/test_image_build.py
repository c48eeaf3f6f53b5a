"""The image's build without a network: what pip is told to install."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKER = '#!/bin/sh\necho "$*" > "$CALLS"\n'
WHEEL = "chaostoolkit_gameday-0.1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("wheels", "package"),
    [
        ([WHEEL, "click-8.1-py3-none-any.whl"], f"wheels/{WHEEL}"),
        (["setuptools-80.0-py3-none-any.whl"], "."),  # this checkout, built there
        (["chaostoolkit_gameday-9.9.9-py3-none-any.whl"], "."),  # another version
        (None, "."),
    ],
)
def test_that_the_wheel_in_the_folder_is_installed(
    tmp_path: Path, wheels: list[str] | None, package: str
) -> None:
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "CALLS": str(tmp_path / "calls"), "HOME": "/"}
    if wheels is not None:
        folder = tmp_path / "wheels"
        folder.mkdir()
        for name in wheels:
            (folder / name).write_text("")
        environment["WHEELS"] = str(folder)
    subprocess.run(
        ["sh", str(ROOT / "deploy" / "gameday" / "build"), "gameday:test"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )
    told = (tmp_path / "calls").read_text()
    assert f"--build-arg PACKAGE={package} " in told
    assert ("--no-index" in told) is (wheels is not None)
