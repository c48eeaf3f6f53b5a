"""Where orders are written: PostgreSQL, or SQLite where there is none.

SHOP_DATABASE is `postgresql://USER@HOST:PORT/NAME`, `sqlite:PATH` or
`sqlite::memory:`. Nothing here waits longer than its deadline: a database that is
gone, cut off or hung shows as StorageGone within a second, never as a hang.
"""

import queue
import select
import sqlite3
import threading
import time

BEAT = 0.5  # seconds between two looks at the database
PATIENCE = 0.8  # seconds that one look may take
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, sku TEXT, "
    "cents INTEGER, packed INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS prices (sku TEXT PRIMARY KEY, cents INTEGER)",
    "INSERT INTO prices VALUES ('book', 1290), ('lamp', 4900), ('teapot', 3450), "
    "('kite', 2100), ('clock', 8800) ON CONFLICT DO NOTHING",
)


class StorageGone(Exception):
    """The database did not do it in time."""


class Sqlite:
    """The driver for a file of SQLite."""

    mark = "?"
    errors = (sqlite3.Error,)

    def __init__(self, path):
        self.path = path

    def connect(self):
        """Return a connection; commits by itself."""
        found = sqlite3.connect(
            self.path, timeout=0.5, isolation_level=None, check_same_thread=False
        )
        found.execute("PRAGMA journal_mode=WAL")
        found.execute("PRAGMA synchronous=OFF")
        for statement in SCHEMA:
            found.execute(statement)
        return found

    def run(self, connection, deadline, statement, values):
        """Run one statement and return its rows."""
        del deadline  # a file does not hang; its lock has the timeout above
        return connection.execute(statement, values).fetchall()


class Postgres:
    """The driver for PostgreSQL; it waits by itself, so that it can stop waiting."""

    mark = "%s"

    def __init__(self, url):
        import psycopg2
        import psycopg2.extensions

        self.psycopg2, self.url = psycopg2, url
        self.errors = (psycopg2.Error,)
        self.until = threading.local()
        psycopg2.extensions.set_wait_callback(self.wait)

    def wait(self, connection):
        """Wait for the server's answer until the thread's deadline."""
        while True:
            state = connection.poll()
            if state == self.psycopg2.extensions.POLL_OK:
                return
            reading = state == self.psycopg2.extensions.POLL_READ
            ready = select.poll()
            ready.register(connection, select.POLLIN if reading else select.POLLOUT)
            left = self.until.deadline - time.monotonic()
            if left <= 0 or not ready.poll(left * 1000):
                raise self.psycopg2.OperationalError("no answer in time")

    def connect(self):
        """Return a connection; commits by itself."""
        self.until.deadline = time.monotonic() + PATIENCE
        found = self.psycopg2.connect(self.url)
        found.autocommit = True
        return found

    def run(self, connection, deadline, statement, values):
        """Run one statement and return its rows."""
        self.until.deadline = deadline
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


class Orders:
    """A small pool of connections and a watch that keeps it alive."""

    def __init__(self, driver, size):
        self.driver, self.size = driver, size
        self.idle = queue.LifoQueue()
        self.opened, self.counting = 0, threading.Lock()
        self.watcher = None
        self.up = False

    def price(self, sku, deadline):
        """Return what an article costs, in cents."""
        (row,) = self.run(deadline, "SELECT cents FROM prices WHERE sku = {}", sku)
        return row[0]

    def add(self, order, sku, cents, deadline):
        """Write an order; the same order twice is one order."""
        self.run(
            deadline,
            "INSERT INTO orders (id, sku, cents) VALUES ({0}, {0}, {0}) "
            "ON CONFLICT DO NOTHING",
            order,
            sku,
            cents,
        )

    def pack(self, at_most):
        """Mark waiting orders as packed; return how many there were."""
        rows = self.run(
            time.monotonic() + PATIENCE,
            "UPDATE orders SET packed = 1 WHERE id IN (SELECT id FROM orders "
            "WHERE packed = 0 LIMIT {}) RETURNING id",
            at_most,
        )
        return len(rows)

    def run(self, deadline, statement, *values):
        """Run one statement on an idle connection; StorageGone if that fails."""
        if not self.up:
            raise StorageGone("the database is gone")
        try:
            connection = self.idle.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise StorageGone("the database is too slow") from None
        try:
            rows = self.driver.run(
                connection, deadline, statement.format(self.driver.mark), values
            )
        except self.driver.errors as error:
            self.drop(connection)
            raise StorageGone(f"the database failed: {error}".strip()) from None
        self.idle.put(connection)
        return rows

    def watch(self, tell):
        """Look after the database for ever; `tell` hears 1 or 0 after each look."""
        self.look()
        tell(float(self.up))
        threading.Thread(target=self.keep, args=(tell,), daemon=True).start()

    def keep(self, tell):
        """Look once every beat."""
        while True:
            time.sleep(BEAT)
            self.look()
            tell(float(self.up))

    def look(self):
        """Ask the database something trivial, and fill the pool again if it answers."""
        try:
            self.watcher = self.watcher or self.driver.connect()
            self.driver.run(
                self.watcher, time.monotonic() + PATIENCE, "SELECT 1", ()
            )
            while self.opened < self.size:
                self.idle.put(self.driver.connect())
                with self.counting:
                    self.opened += 1
            self.up = True
        except self.driver.errors:
            self.up = False
            if self.watcher:
                self.watcher.close()
                self.watcher = None
            self.empty()

    def drop(self, connection):
        """Close a connection for good."""
        connection.close()
        with self.counting:
            self.opened -= 1

    def empty(self):
        """Close every idle connection; the busy ones fail by themselves."""
        while True:
            try:
                self.drop(self.idle.get_nowait())
            except queue.Empty:
                return


def open_orders(url):
    """Return the orders that a SHOP_DATABASE names."""
    kind, _, rest = url.partition(":")
    if kind == "sqlite":
        return Orders(Sqlite(rest), 1)
    return Orders(Postgres(url), 10)
