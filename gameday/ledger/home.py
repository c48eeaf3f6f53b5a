"""Where gameday keeps its state: `$GAMEDAY_HOME`, for one user of a machine."""

import os
from pathlib import Path

from gameday.errors import StoreError

LEDGER = "ledger.db"


def home() -> str:
    """Return the folder of gameday's state, made if need be (mode 0700).

    `$GAMEDAY_HOME`, else `$XDG_STATE_HOME/gameday`, else `~/.local/state/gameday`.
    """
    chosen = os.environ.get("GAMEDAY_HOME")
    if chosen:
        folder = Path(chosen).expanduser().absolute()
    else:
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        folder = Path(state).expanduser().absolute() / "gameday"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise StoreError(
            f"{folder}: gameday keeps its state there and cannot: {wrong.strerror}"
        ) from wrong
    return str(folder)


def ledger_path(folder: str | None = None) -> str:
    """Return the path of the ledger's file, by default in `home()`."""
    return str(Path(folder or home()) / LEDGER)
