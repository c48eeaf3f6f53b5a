"""The store's tables, and the engine that speaks to them.

SQLite by default, in write-ahead mode: readers (`gameday runs`) never wait for a run
that writes. A file of its own beside the ledger: what is broken right now must be
known even where the history cannot be read.
"""

from pathlib import Path

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

FILE = "store.db"
BUSY = 10.0  # seconds to wait for another writer
METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("run", String(200), primary_key=True),
    Column("scenario", String(200), nullable=False),
    Column("target", String(500), nullable=False),
    Column("folder", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", String(200), nullable=False),
    Column("plan", Text, nullable=False),
    Column("verdict", Text),
)
EVENTS = Table(
    "events",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("runs.run"), nullable=False, index=True),
    Column("line", Text, nullable=False),
)


def open_engine(home: str) -> Engine:
    """Return the engine of a home's store, its tables made where they are missing."""
    path = Path(home) / FILE
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY})
    event.listen(engine, "connect", _set_up)
    METADATA.create_all(engine)
    path.chmod(0o600)
    return engine


def _set_up(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
