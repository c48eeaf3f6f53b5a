"""All runs of a user on a machine: plans before, events as they come, verdicts after.

Kept in SQLite under the home, in write-ahead mode: readers (`gameday runs`) never wait
for a run that writes. It is a file of its own beside the ledger: what is broken right
now must be known even where the history cannot be read. Each run's files are in its
folder as well.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from gameday.errors import StoreError, UsageError
from gameday.frozen import frozen
from gameday.model.quantity import show_instant
from gameday.store import folder as files

_FILE = "store.db"
_BUSY = 10.0  # seconds to wait for another writer
_METADATA = MetaData()

_RUNS = Table(
    "runs",
    _METADATA,
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
_EVENTS = Table(
    "events",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("runs.run"), nullable=False, index=True),
    Column("line", Text, nullable=False),
)


@frozen
class NewRun:
    """What is known of a run before anything is touched."""

    run: str
    scenario: str
    target: str
    folder: str
    started: float
    pid: int
    host: str
    plan: str


@frozen
class RunListing:
    """One run as `gameday runs` lists it.

    `ending` is running, or crashed where its process died without a verdict.
    """

    run: str
    folder: str
    scenario: str
    started: str
    ended: str
    ending: str
    outcome: str
    pid: int = 0
    host: str = ""


@frozen
class Record:
    """A stored run: its plan and the lines of its timeline, as they were written."""

    run: str
    plan: str
    lines: tuple[str, ...]
    where: str
    folder: str = ""  # where its files are


@frozen
class Kept:
    """A run that is over, with its verdict and the lines of some kinds of events."""

    run: str
    plan: str
    verdict: str
    lines: tuple[str, ...]
    where: str


class History:
    """The store of one home; StoreError, saying what to do, where it cannot be used."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._path = str(Path(home) / _FILE)
        with self._explained():
            self._engine = _open_engine(home)

    def __del__(self) -> None:
        """Let go of the file with the last reference; Python 3.13 warns otherwise."""
        engine = getattr(self, "_engine", None)
        if engine is not None:
            engine.dispose()

    def folder_for(self, run: str, out: str | None) -> str:
        """Return where a new run's files go."""
        if out is None:
            return str(Path(self._home) / "runs" / run)
        return str(Path(out).absolute())

    def begin(self, new: NewRun) -> None:
        """Keep a run's plan, durably, before anything is touched."""
        values = {field.name: getattr(new, field.name) for field in fields(new)}
        with self._writing() as connection:
            connection.execute(insert(_RUNS).values(values))

    def append(self, run: str, line: str) -> None:
        """Keep one line of a run's timeline."""
        with self._writing() as connection:
            connection.execute(insert(_EVENTS).values(run=run, line=line))

    def finish(self, run: str, verdict: str) -> None:
        """Keep a run's verdict."""
        with self._writing() as connection:
            done = update(_RUNS).where(_RUNS.c.run == run).values(verdict=verdict)
            connection.execute(done)

    def entries(self) -> list[RunListing]:
        """Return every run, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(_RUNS).order_by(_RUNS.c.started, _RUNS.c.run)
            ).all()
        return [_entry(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name

    def judged_runs(self, kinds: Sequence[str]) -> Iterator[Kept]:
        """Yield every run that has a verdict, oldest first, with events of kinds."""
        with self._reading() as connection:
            rows = connection.execute(
                select(_RUNS.c.run, _RUNS.c.plan, _RUNS.c.verdict)
                .where(_RUNS.c.verdict.is_not(None))
                .order_by(_RUNS.c.started, _RUNS.c.run)
            ).all()
            for row in rows:
                mine = select(_EVENTS.c.line).where(_EVENTS.c.run == row.run)
                of_kind = or_(
                    *(_EVENTS.c.line.like(_like_pattern(kind)) for kind in kinds)
                )
                lines = connection.execute(
                    mine.where(of_kind).order_by(_EVENTS.c.number)
                )
                yield Kept(
                    run=row.run,
                    plan=row.plan,
                    verdict=row.verdict,
                    lines=tuple(line.line for line in lines),
                    where=f"{self._path}, run {row.run}",
                )

    def find(self, name: str) -> Record:
        """Return a run by its id, its folder, or `latest`."""
        as_path = Path(name)
        if (as_path / files.TIMELINE).exists() or (as_path / files.PLAN).exists():
            return _from_folder(name)
        with self._reading() as connection:
            rows = select(_RUNS.c.run, _RUNS.c.plan, _RUNS.c.folder)
            if name == "latest":
                newest_first = (_RUNS.c.started.desc(), _RUNS.c.run.desc())
                rows = rows.order_by(*newest_first).limit(1)
            else:
                rows = rows.where(_RUNS.c.run == name)
            row = connection.execute(rows).first()
            if row is None:
                raise UsageError(_unknown(name))
            lines = connection.execute(
                select(_EVENTS.c.line)
                .where(_EVENTS.c.run == row.run)
                .order_by(_EVENTS.c.number)
            )
            kept = tuple(line.line for line in lines)
        return Record(
            run=row.run,
            plan=row.plan,
            lines=kept,
            where=self._path,
            folder=row.folder,
        )

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            why = str(getattr(error, "orig", None) or error)
            raise StoreError(
                f"{self._path}: {why}; the history of runs is kept there: make room, "
                "make it writable, or move the file away to begin a new one"
            ) from error


def kept_below(folder: str, kinds: Sequence[str]) -> Iterator[Kept | StoreError]:
    """Yield the runs that are in a folder or below it, or why one cannot be read."""
    for place in sorted(Path(folder).rglob(files.VERDICT)):
        where = str(place.parent)
        try:
            yield Kept(
                run=place.parent.name,
                plan=files.read_text(where, files.PLAN),
                verdict=files.read_text(where, files.VERDICT),
                lines=tuple(
                    line
                    for line in files.read_lines(where)
                    if any(_marks(kind) in line for kind in kinds)
                ),
                where=where,
            )
        except StoreError as error:
            yield error


def _marks(kind: str) -> str:
    return f'"kind": "{kind}"'


def _like_pattern(kind: str) -> str:
    return f"%{_marks(kind)}%"


def _from_folder(folder: str) -> Record:
    """Return the run that a folder holds (also a downloaded one)."""
    return Record(
        run=Path(folder).name,
        plan=files.read_text(folder, files.PLAN),
        lines=tuple(files.read_lines(folder)),
        where=str(Path(folder) / files.TIMELINE),
        folder=folder,
    )


def _unknown(name: str) -> str:
    if name == "latest":
        return "there is no run yet; `gameday run SCENARIO` makes one"
    return (
        f"{name!r} is no run: give an id (see `gameday runs`), a run's folder, "
        "or `latest`"
    )


def _entry(row: RowMapping) -> RunListing:
    verdict = json.loads(str(row["verdict"])) if row["verdict"] else {}
    return RunListing(
        run=str(row["run"]),
        folder=str(row["folder"]),
        scenario=str(row["scenario"]),
        started=show_instant(float(str(row["started"]))),
        ended=verdict.get("ended", ""),
        ending=verdict.get("ending", "crashed"),
        outcome=verdict.get("outcome", "inconclusive"),
        pid=int(str(row["pid"])),
        host=str(row["host"]),
    )


def _open_engine(home: str) -> Engine:
    """Return the engine of a home's store, its tables made where they are missing."""
    path = Path(home) / _FILE
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY})
    event.listen(engine, "connect", _set_up)
    _METADATA.create_all(engine)
    path.chmod(0o600)
    return engine


def _set_up(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
