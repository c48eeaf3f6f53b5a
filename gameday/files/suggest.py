"""Did you mean: the nearest of the names that exist."""

import difflib
from collections.abc import Iterable

_FEW = 9  # more names than that help nobody


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or `; expected one of a, b` for a few names."""
    names = sorted({name for name in known if name})
    close = nearest(word, names)
    if close:
        return f'; did you mean "{close}"?'
    few = 0 < len(names) <= _FEW
    return f"; expected {among(names)}" if few else ""


def near(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or nothing where no name is close."""
    close = nearest(word, known)
    return f'; did you mean "{close}"?' if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name that is closest; empty when none is close."""
    names = list(known)
    folded = {name.lower().replace("-", "_"): name for name in names}
    same = folded.get(word.lower().replace("-", "_"))
    if same:
        return same
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.72)
    return close[0] if close else ""


def among(names: Iterable[str], joined: str = "or") -> str:
    """Return `a, b or c`."""
    several = list(names)
    if len(several) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(several)
    return f"{', '.join(several[:-1])} {joined} {several[-1]}"
