"""Did you mean: the nearest of the names that exist."""

import difflib
import functools
from collections.abc import Iterable, Sized

from gameday.model.values.kinds import UnknownWord

_FEW = 9  # more names than that help nobody
_LONGEST = 60  # characters of a name
_MANY = 2000  # of so many names none is looked for: that takes too long


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or `; expected one of a, b` for a few names."""
    if _are_too_many(known):
        return ""
    names = sorted({name for name in known if name})
    close = nearest(word, names)
    if close:
        return f'; did you mean "{_short_name(close)}"?'
    few = 0 < len(names) <= _FEW
    return f"; expected {among(names)}" if few else ""


def explained(error: ValueError) -> str:
    """Return what an error says; of a word that is not known, what was meant."""
    if isinstance(error, UnknownWord):
        return f"{error.message}{did_you_mean(error.word, error.known)}"
    return str(error)


def near(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or nothing where no name is close."""
    close = "" if _are_too_many(known) else nearest(word, known)
    return f'; did you mean "{_short_name(close)}"?' if close else ""


def _are_too_many(known: Iterable[str]) -> bool:
    return isinstance(known, Sized) and len(known) > _MANY


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name that is closest; empty when none is close."""
    return _nearest(word.lower().replace("-", "_"), word, tuple(known))


@functools.lru_cache(maxsize=1024)  # a file may repeat its mistake 10,000 times
def _nearest(plain: str, word: str, known: tuple[str, ...]) -> str:
    folded = _folded(known)
    if plain in folded:
        return folded[plain]
    # Who misspells a word begins or ends it right; to compare them all is slow.
    likely = [
        name
        for name_plain, name in folded.items()
        if plain and (name_plain[:1] == plain[0] or name_plain[-1:] == plain[-1])
    ]
    close = difflib.get_close_matches(word, likely, n=1, cutoff=0.72)
    return close[0] if close else ""


@functools.lru_cache(maxsize=64)
def _folded(known: tuple[str, ...]) -> dict[str, str]:
    return {name.lower().replace("-", "_"): name for name in known}


def _short_name(name: str) -> str:
    """Return a name in one line and not too long; it may come from a file."""
    text = name if name.isprintable() else repr(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def among(names: Iterable[str], joined: str = "or") -> str:
    """Return `a, b or c`."""
    several = [_short_name(name) for name in names]
    if len(several) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(several)
    return f"{', '.join(several[:-1])} {joined} {several[-1]}"
