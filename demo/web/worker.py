"""The worker: packs what was ordered. Customers do not notice when it rests.

SHOP_DATABASE as in orders.py; of a `sqlite:` path with a `*` every file is served.
SHOP_PORT and SHOP_BIND: where its /metrics are.
"""

import glob
import os
import signal
import sys
import time

from orders import StorageGone, open_orders
from prometheus_client import Counter, start_http_server

PACKED = Counter("shop_orders_packed_total", "Orders packed.")
FAILED = Counter("shop_packing_errors_total", "Rounds that the database refused.")


def sources(url):
    """Return the orders to serve, as a list that starts anew at each call."""
    kind, _, path = url.partition(":")
    if kind == "sqlite" and "*" in path:
        return [f"sqlite:{found}" for found in sorted(glob.glob(path))]
    return [url]


def main():
    """Pack once a second, for ever."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("SHOP_PORT", "8000"))
    start_http_server(port, os.environ.get("SHOP_BIND") or "0.0.0.0")
    url = os.environ.get("SHOP_DATABASE", "sqlite::memory:")
    known = {}
    while True:
        for source in sources(url):
            if source not in known:
                known[source] = open_orders(source)
                known[source].watch(lambda _: None)
            try:
                PACKED.inc(known[source].pack(500))
            except StorageGone:
                FAILED.inc()
        time.sleep(1)


if __name__ == "__main__":
    main()
