"""The distribution is `chaostoolkit-gameday`, and nobody is sent to the index for it.

`gameday` on the package index is somebody else's: whoever asks for it there, by name or
as an extra of ours, installs a stranger's code.
"""

import re
import tomllib

import pytest

from tests.architecture.test_house import ROOT, offenders

NAME = "chaostoolkit-gameday"
THIS = "tests/architecture/test_distribution.py:"
OLD_NAME = re.compile(
    r"(?<![\w./-])gameday\["  # an extra of the old distribution
    r"|\bgameday-(?:\*|\d+\.\d+\S*(?:whl|tar))"  # its files
    r"|\bdiscover(?: +--?[\w-]+)* +gameday\b"  # and what Chaos Toolkit is asked for
    r"|^\s*name\s*=\s*['\"]gameday['\"]"
)
# Words and options may stand between; a path, a URL or a wheel's name may follow.
FROM_THE_INDEX = re.compile(
    r"\b(?:pip3?|pipx|uvx?|poetry|pdm)\b[^|&;`]*\s(?:install|add|run|download)"
    r"(?:\s+-{1,2}[\w-]+)*\s+['\"]?(?:chaostoolkit-)?gameday"
    r"(?:\[[\w,]+\])?(?:\s*[=<>~!]=?\s*[\d.]+)?['\"]?(?!\s*@)(?=\s|$|[`,;&|)])"
    r"|\buvx\s+(?:chaostoolkit-)?gameday\b"
)


def others(pattern: re.Pattern[str]) -> list[str]:
    """Return the offending lines of all files but this one."""
    return [line for line in offenders(pattern) if not line.startswith(THIS)]


def test_the_project_says_its_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == NAME
    assert project["scripts"] == {"gameday": "gameday.cli.main:main"}


def test_nothing_asks_for_the_old_distribution() -> None:
    assert others(OLD_NAME) == []


def test_nothing_sends_anybody_to_the_index() -> None:
    assert others(FROM_THE_INDEX) == []


@pytest.mark.parametrize(
    "line",
    [
        '  "gameday[demo]",',
        "pip install 'gameday[dev]'",
        'rm -f "$wheels"/gameday-*',
        "gameday-0.1.0-py3-none-any.whl",
        "chaos discover gameday",
        "chaos discover --no-install gameday",
        'name = "gameday"',
    ],
)
def test_the_old_name_is_seen(line: str) -> None:
    assert OLD_NAME.search(line)


@pytest.mark.parametrize(
    "line",
    [
        '  "chaostoolkit-gameday[demo]",',
        "chaostoolkit_gameday-0.1.0-py3-none-any.whl",
        "chaos discover --no-install chaostoolkit-gameday",
        'package = "gameday"',
        "gameday-helper:0.1.0",
        "registry.example/gameday:0.1.0",
    ],
)
def test_the_new_name_passes(line: str) -> None:
    assert not OLD_NAME.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "pip install gameday",
        "python -m pip install -q --upgrade chaostoolkit-gameday",
        "pip install 'chaostoolkit-gameday[demo]'",
        "- run: pip install chaostoolkit-gameday==0.1.0",
        "pipx install gameday`",
        "uv tool install chaostoolkit-gameday",
        "uvx gameday check .",
        "poetry add gameday",
    ],
)
def test_a_way_to_the_index_is_seen(line: str) -> None:
    assert FROM_THE_INDEX.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "pip install .",
        "pip install ./.gameday",
        "pip install chaostoolkit_gameday-0.1.0-py3-none-any.whl",
        "pip install 'chaostoolkit-gameday @ git+https://git.example/gameday'",
        "pip uninstall -q -y gameday ;;",
        "- run: gameday run --out gameday-report scenarios/lost-replica.yaml",
    ],
)
def test_a_way_past_the_index_passes(line: str) -> None:
    assert not FROM_THE_INDEX.search(line)
