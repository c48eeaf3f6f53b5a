"""Reads from the ledger, by plain SQL, whether a run is over or a fault overdue.

For the watchdog, which must be up in a moment and be small while nothing happens.
"""

import sqlite3
from urllib.parse import quote


class LedgerView:
    """One run's rows, read only; sqlite3.Error where the file cannot be read."""

    def __init__(self, path: str, run: str) -> None:
        self._run = run
        uri = f"file:{quote(path)}?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None)
        try:
            self.closed()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def closed(self) -> bool:
        """Return whether the run has let go of its target, or is not known."""
        row = self._db.execute(
            "SELECT 1 FROM runs WHERE run = ? AND closed IS NULL", (self._run,)
        ).fetchone()
        return row is None

    def overdue(self, now: float) -> bool:
        """Return whether an open fault of the run has outlasted its duration."""
        row = self._db.execute(
            "SELECT 1 FROM faults WHERE run = ? AND state <> 'undone' AND until <= ?",
            (self._run, now),
        ).fetchone()
        return row is not None
