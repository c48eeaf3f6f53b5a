"""The files below a folder that may be ours, in a stable order.

Left out are: what git ignores, `.git`, `node_modules`, virtual environments, caches,
what `--exclude` names, and links that lead out of the folder.
"""

# Paths stay as the user wrote them, and links as they are.
# ruff: noqa: PTH110, PTH113, PTH118, PTH120
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from gameday.files import git

ENDINGS = (".yaml", ".yml", ".json", ".rules")
_SKIPPED = {
    *("node_modules", "__pycache__", "site-packages", "venv", "vendor"),
    *(".git", ".hg", ".svn", ".venv", ".tox", ".nox", ".terraform", ".cache"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".idea", ".vscode"),
}
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")  # what only a virtual environment has
_LIST = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")


class Excluded:
    """The globs of `--exclude`: a name without a slash stands at any depth."""

    def __init__(self, globs: Sequence[str]) -> None:
        self.globs = [glob.removeprefix("./").rstrip("/") for glob in globs]

    def __call__(self, path: str, folder: str = "") -> bool:
        """Return whether a path, as shown or as seen from its folder, is named."""
        if not self.globs:
            return False
        seen = os.path.relpath(path, folder) if folder else path
        places = {os.path.normpath(path), seen}
        return any(_fits(glob, place) for glob in self.globs for place in places)


def _fits(glob: str, path: str) -> bool:
    parts = path.split("/")
    if "/" not in glob:
        return any(fnmatchcase(part, glob) for part in parts)
    short = glob.removeprefix("**/")
    heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(
        fnmatchcase(head, glob)
        or fnmatchcase(head, short)
        or (short != glob and fnmatchcase(head, f"*/{short}"))
        for head in heads
    )


def files(folder: str, excluded: Excluded) -> Iterator[str]:
    """Yield the files below a folder that may be ours."""
    root = os.path.realpath(folder)
    ignored: set[str] = set()
    seen: set[str] = set()
    for place, folders, names in os.walk(folder):
        if place == folder or ".git" in (*folders, *names):
            ignored |= _ignored(place, names)
        real = os.path.realpath(place)
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED
            and os.path.join(real, name) not in ignored
            and not _is_environment(os.path.join(place, name))
            and not excluded(os.path.join(place, name), folder)
        )
        for name in sorted(names):
            path = os.path.normpath(os.path.join(place, name))
            if not name.endswith(ENDINGS) or excluded(path, folder):
                continue
            if os.path.join(real, name) not in ignored and _once(path, root, seen):
                yield path


def _is_environment(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, name)) for name in _ENVIRONMENT)


def _once(path: str, root: str, seen: set[str]) -> bool:
    """Return whether a path is a file in the folder that was not there before."""
    real = os.path.realpath(path)
    inside = real.startswith(os.path.join(root, ""))
    if not inside or real in seen or not os.path.isfile(real):
        return False
    seen.add(real)
    return True


def _ignored(folder: str, names: Sequence[str]) -> set[str]:
    """Return the real paths that git ignores below a folder."""
    real = os.path.realpath(folder)
    if _is_work_tree(real):
        return _listed(real, ())
    if ".gitignore" not in names:
        return set()
    import tempfile

    with tempfile.TemporaryDirectory() as empty:  # no repository, but its wishes
        if _git(real, "init", "-q", "--bare", empty) is None:
            return set()
        return _listed(real, (f"--git-dir={empty}", f"--work-tree={real}"))


def _is_work_tree(folder: str) -> bool:
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def _listed(folder: str, options: Sequence[str]) -> set[str]:
    output = _git(folder, *options, "ls-files", *_LIST)
    names = [name.rstrip("/") for name in (output or "").split("\0")]
    # A folder that is itself ignored was named by somebody: nothing is left out.
    if "." in names:
        return set()
    return {os.path.join(folder, name) for name in names if name}


def _git(folder: str, *arguments: str) -> str | None:
    """Return what git answers; None without git, or where it refuses."""
    try:
        done = git.ask(folder, arguments)
    except git.NoGitError:
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
