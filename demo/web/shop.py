"""One replica of the shop: /checkout, /healthz and /metrics, on standard threads.

Settings, all from the environment: SHOP_PORT, SHOP_BIND, SHOP_INSTANCE (its name,
`web-1`), SHOP_DATABASE (see orders.py) and SHOP_REDIS (HOST:PORT; empty: no cache).
"""

import json
import os
import re
import signal
import socket
import struct
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cache import Cache
from orders import StorageGone, open_orders
from prometheus_client import Counter, Gauge, Histogram, generate_latest

REQUESTS = Counter(
    "http_requests_total", "Requests answered.", ["method", "path", "code"]
)
SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from the request's first line to the answer.",
    ["path", "code"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5),
)
DATABASE_UP = Gauge("shop_database_up", "Whether the database answers this process.")
PRICES = ("book", "lamp", "teapot", "kite", "clock")

# A counter that is born at its first error hides that error from `rate`.
for _code in ("200", "503"):
    REQUESTS.labels("GET", "/checkout", _code)
    REQUESTS.labels("POST", "/checkout", _code)
    SECONDS.labels("/checkout", _code)


class Shop(ThreadingHTTPServer):
    """The replica: its orders, its cache, and whether it is about to leave."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, name, orders, cache):
        self.name, self.orders, self.cache = name, orders, cache
        self.leaving = False
        super().__init__(address, Request)

    def checkout(self, order):
        """Write one order and return its price in cents; StorageGone if it cannot."""
        sku = PRICES[hash(order) % len(PRICES)]
        cents = self.cache.price(sku)
        deadline = time.monotonic() + 0.8
        if cents is None:
            cents = self.orders.price(sku, deadline)
            self.cache.keep(sku, cents)
        self.orders.add(order, sku, cents, deadline)
        return cents

    def handle_error(self, request, client_address):
        """Stay silent: a peer that hangs up is everyday life on game days."""


class Request(BaseHTTPRequestHandler):
    """One connection; HTTP/1.1 with keep-alive, one write per answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def do_GET(self):
        """Answer a page, a probe or a scrape."""
        began = time.perf_counter()
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self.answer(200, generate_latest(), "text/plain; version=0.0.4")
            return
        if path == "/checkout":
            code, body = self.checkout()
        elif path == "/healthz":
            code, body = self.health()
        else:
            code, body, path = 404, {"error": "no such page"}, "other"
        self.answer(code, json.dumps(body).encode() + b"\n", "application/json")
        REQUESTS.labels(self.command, path, str(code)).inc()
        SECONDS.labels(path, str(code)).observe(time.perf_counter() - began)

    def do_POST(self):
        """Take a basket: its content does not matter here, but is read."""
        self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 65536))
        self.do_GET()

    def checkout(self):
        """Place an order; the balancer's request id makes a retry harmless."""
        order = self.headers.get("X-Request-Id") or uuid.uuid4().hex
        try:
            return 200, {"order": order, "cents": self.server.checkout(order)}
        except StorageGone as gone:
            return 503, {"error": str(gone)}

    def health(self):
        """Say that this process lives: no more, or one lost database loses all.

        A prober that names whom it means is refused by anybody else: addresses
        move between replicas that come and go.
        """
        meant = self.headers.get("X-Server")
        if meant and self.server.name and meant != self.server.name:
            return 421, {"error": f"this is {self.server.name}, not {meant}"}
        if self.server.leaving:
            return 503, {"error": "leaving"}
        return 200, {"name": self.server.name}

    def answer(self, code, body, kind):
        """Send one answer; the last one before leaving closes the connection."""
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.server.leaving:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Write no access log: the balancer counts."""


def own_name():
    """Return the replica's name: as given, or as the platform's DNS tells it.

    Compose gives every container of a scaled service a name that ends in its
    number (`shop_web_2`, `shop-web-2`) but does not tell the container. The
    resolver would find its id in /etc/hosts: the question goes to DNS directly.
    """
    given = os.environ.get("SHOP_INSTANCE")
    if given is not None:
        return given
    try:
        address = socket.gethostbyname(socket.gethostname())
        parts = [*reversed(address.split(".")), "in-addr", "arpa", ""]
        name = b"".join(bytes([len(part)]) + part.encode() for part in parts)
        question = struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + name + b"\0\x0c\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(1)
            asking.sendto(question, ("127.0.0.11", 53))
            found = re.search(rb"[-_]web[-_](\d+)\W", asking.recv(2048))
    except OSError:
        return ""
    return f"web-{int(found[1])}" if found else ""


def main():
    """Serve until told to leave."""
    orders = open_orders(os.environ.get("SHOP_DATABASE", "sqlite::memory:"))
    orders.watch(DATABASE_UP.set)
    cache = Cache(os.environ.get("SHOP_REDIS", ""))
    address = os.environ.get("SHOP_BIND", ""), int(os.environ.get("SHOP_PORT", "8000"))
    server = Shop(address, own_name(), orders, cache)

    def leave(*_):
        server.leaving = True
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    print(f"{server.name or 'web'} listens on port {address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.socket.close()
    time.sleep(0.3)  # what is being answered is answered
    os._exit(0)


if __name__ == "__main__":
    main()
