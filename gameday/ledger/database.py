"""The ledger's SQLite file: its tables, and one connection per process.

WAL with `synchronous=FULL`: a transaction that returned survives a power cut.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from gameday.errors import StoreError

VERSION = 1
BUSY = 10.0  # seconds to wait for another writer

_TABLES = """
CREATE TABLE runs (
  run TEXT PRIMARY KEY, target TEXT NOT NULL, scenario TEXT NOT NULL,
  pid INTEGER NOT NULL, started INTEGER NOT NULL, boot TEXT NOT NULL,
  user TEXT NOT NULL, host TEXT NOT NULL, opened REAL NOT NULL,
  closed REAL, ended REAL) WITHOUT ROWID;
CREATE UNIQUE INDEX holder ON runs (target) WHERE closed IS NULL;
CREATE TABLE plans (
  id INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL,
  ordinal INTEGER NOT NULL, request TEXT NOT NULL, victims TEXT NOT NULL,
  duration REAL NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run, step, ordinal));
CREATE TABLE faults (
  id INTEGER PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL,
  step TEXT NOT NULL, kind TEXT NOT NULL, victim TEXT NOT NULL,
  arguments TEXT NOT NULL, duration REAL NOT NULL, until REAL NOT NULL,
  undo TEXT NOT NULL, mark TEXT NOT NULL, pid INTEGER NOT NULL,
  started INTEGER NOT NULL, boot TEXT NOT NULL, state TEXT NOT NULL,
  at REAL NOT NULL);
CREATE INDEX still_open ON faults (run) WHERE state <> 'undone';
CREATE TABLE transitions (
  number INTEGER PRIMARY KEY AUTOINCREMENT, fault INTEGER NOT NULL,
  run TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL, note TEXT NOT NULL,
  by TEXT NOT NULL, by_hand TEXT NOT NULL, extra TEXT NOT NULL);
CREATE INDEX of_run ON transitions (run, number);
CREATE INDEX of_fault ON transitions (fault);
"""


class Database:
    """The file, opened on first use; safe to use from several threads.

    A connection must not cross a fork: after one, a new connection is opened.
    `create`: whether a file that is not there is made.
    """

    def __init__(self, path: str, *, create: bool = True) -> None:
        self.path = path
        self._mode = "rwc" if create else "rw"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; StoreError where the file cannot be used."""
        with self._lock, self._explained():
            yield self._open()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside one transaction, durable when it returns."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def __del__(self) -> None:
        """Let go of the file with the last reference; Python 3.13 warns otherwise."""
        self.close()

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._owner == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as wrong:
            raise StoreError(
                f"{self.path}: the ledger cannot be used: {wrong}"
            ) from wrong

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._owner == os.getpid():
            return self._connection
        fresh = not Path(self.path).exists()
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?mode={self._mode}",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if fresh:
                Path(self.path).chmod(0o600)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._owner = connection, os.getpid()
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == 0:
            connection.execute("BEGIN IMMEDIATE")
            if self._version(connection) == 0:  # nobody else was faster
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")
        if self._version(connection) != VERSION:
            raise StoreError(
                f"{self.path}: written by another version of gameday; undo its "
                "faults with that one, then move the file away"
            )

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
