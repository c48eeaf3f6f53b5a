"""Code blocks of a page that tests use: files that it has one save, and commands.

A block is marked by the comment before it: `<!-- file: PATH -->`,
`<!-- test: anywhere -->` or `<!-- test: docker -->`. In a console block `$ ` begins a
command, and what follows it is what it prints; `…` stands for anything.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"<!-- (file|test): (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_PATIENCE = 240.0  # seconds for one block


@dataclass(frozen=True, slots=True)
class Block:
    """One marked block: `kind` is file or test, `word` what the mark says."""

    kind: str
    word: str
    text: str


def read(page: Path) -> list[Block]:
    """Return a page's marked blocks, in order."""
    return [Block(*parts) for parts in _BLOCK.findall(page.read_text())]


def commands(block: Block) -> list[tuple[str, str]]:
    """Return a console block's commands, each with what it should print."""
    pairs: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], ""))
        elif pairs and pairs[-1][0].endswith("\\"):
            pairs[-1] = (f"{pairs[-1][0]}\n{line}", "")
        else:
            pairs[-1] = (
                pairs[-1][0],
                f"{pairs[-1][1]}{line}\n",
            )
    return pairs


def fits(said: str, wanted: str) -> bool:
    """Return whether an output is what a page shows; `…` stands for anything."""
    pattern = "".join(map(_line, wanted.splitlines(keepends=True)))
    return re.fullmatch(pattern, said) is not None


def _line(wanted: str) -> str:
    if wanted == "…\n":  # alone, it stands for any number of lines, also for none
        return r"(?:.*\n)*?"
    return re.escape(wanted).replace("…", r"[^\n]*?")


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Return what a command prints, on both streams, as a person sees it."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    said = done.stdout
    return said if done.returncode == 0 else f"{said}(exit code {done.returncode})\n"
