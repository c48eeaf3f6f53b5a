"""The files that differ from a commit: what `--base REF` looks at."""

# ruff: noqa: PTH118 - real paths are compared as text
import os
from collections.abc import Sequence

from gameday.errors import UsageError
from gameday.files import git

_DIFF = ("--no-ext-diff", "--no-renames", "--ignore-submodules=none")


def since(base: str, folder: str = ".", asked: Sequence[str] = ()) -> frozenset[str]:
    """Return the real paths of the files that differ from a commit, new ones too.

    Also of those that are gone, under a renamed one's old name, and of submodules as
    folders. Compared is with the point where the branch left it. UsageError where
    there is no such commit, no repository, or no git, and where a path that is asked
    about lies outside the repository, which says nothing of it.
    """
    top, start = _start(base, folder)
    _refuse_outside(asked, top)
    names = _git(top, "diff", "--name-only", "-z", *_DIFF, start, "--")
    names += _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(
        os.path.realpath(os.path.join(top, name)) for name in names.split("\0") if name
    )


def texts_at(base: str, paths: Sequence[str], pattern: str) -> dict[str, str]:
    """Return by path the texts that files had at a commit, those below folders too.

    Of the files in which a line fits a pattern. The commit is the point where the
    branch left it; what was not there is left out. What the repository does not have
    any more is among them wherever it was: what is asked about may be its new name.
    """
    texts: dict[str, str] = {}
    for path in paths:
        real = os.path.realpath(path)
        folder = real if os.path.isdir(real) else os.path.dirname(real)  # noqa: PTH112, PTH120
        top, start = _start(base, folder)
        seen = os.path.relpath(real, os.path.realpath(top))
        names = _fitting(top, start, pattern, seen)
        words = ("diff", "--name-only", "-z", "--diff-filter=D", *_DIFF, start, "--")
        if gone := set(_git(top, *words).split("\0")) - {""}:
            names |= gone & _fitting(top, start, pattern, ".")
        for name in sorted(names):
            texts[os.path.join(top, name)] = _git(top, "show", f"{start}:{name}")
    return texts


def _fitting(top: str, commit: str, pattern: str, below: str) -> set[str]:
    """Return the files of a commit below a path in which a line fits a pattern."""
    words = ("grep", "-IlzE", "-e", pattern, commit, "--", below)
    try:
        done = git.ask(top, words)
    except git.NoGitError as error:
        raise UsageError(f"--base needs git, which does not answer: {error}") from None
    names = os.fsdecode(done.stdout).split("\0")
    return {name.removeprefix(f"{commit}:") for name in names if name}


def _refuse_outside(paths: Sequence[str], top: str) -> None:
    root = os.path.realpath(top)
    for path in paths:
        places = (os.path.realpath(path), os.path.abspath(path))  # noqa: PTH100
        inside = any(os.path.commonpath((place, root)) == root for place in places)
        if path != "-" and not inside:
            raise UsageError(
                f"--base: {path!r} lies outside the checkout {root!r}, so that no "
                "commit says whether it changed; check it from its own checkout, or "
                "without --base"
            )


def with_text(pattern: str, names: Sequence[str], folder: str = ".") -> list[str]:
    """Return the files of a checkout, new ones too, in which a line fits a pattern.

    `names`: globs. Nothing where there is none, or no checkout.
    """
    top = _git(folder, "rev-parse", "--show-toplevel").strip()
    words = ("grep", "-lzE", "--untracked", "-e", pattern, "--", *names)
    try:
        done = git.ask(top, words)
    except git.NoGitError:
        return []
    found = os.fsdecode(done.stdout).split("\0")
    return [os.path.join(top, name) for name in found if name]


def _start(base: str, folder: str) -> tuple[str, str]:
    """Return the top of a folder's repository, and the commit to compare with."""
    top = _top(folder)
    if not base or base.startswith("-"):
        raise UsageError(f"--base {base!r} is not a commit; expected a branch or a tag")
    commit = _git(
        top, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}", named=base
    )
    return top, _merge_base(top, commit.strip())


def _top(folder: str) -> str:
    try:
        return _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    except UsageError as error:
        if "not a git repository" not in str(error):
            raise
        place = os.path.realpath(folder)
        raise UsageError(
            f"--base: {place!r} is in no git checkout; run gameday inside one, or "
            "without --base"
        ) from None


def _merge_base(top: str, commit: str) -> str:
    try:
        return _git(top, "merge-base", commit, "HEAD").strip()
    except UsageError:
        return commit  # a shallow clone, or histories that never met


def _git(folder: str, *arguments: str, named: str = "") -> str:
    try:
        done = git.ask(folder, arguments)
    except git.NoGitError as error:
        raise UsageError(f"--base needs git, which does not answer: {error}") from None
    if done.returncode == 0:
        return os.fsdecode(done.stdout)
    if named:
        raise UsageError(
            f"--base {named!r}: there is no such commit here; fetch it "
            "(on GitHub: fetch-depth: 0)"
        )
    reason = os.fsdecode(done.stderr).strip().split("\n")[0] or "git refuses"
    raise UsageError(f"--base: {reason}")
