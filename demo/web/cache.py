"""Prices in Redis. The shop works without it: slower, and it says so in metrics."""

import threading
import time

from prometheus_client import Counter, Gauge

ASKED = Counter("shop_cache_requests_total", "Questions to the cache.", ["result"])


class Cache:
    """A cache at HOST:PORT; with none named, every question is a silent miss."""

    def __init__(self, address):
        self.up = False
        if not address:
            return
        import redis

        host, _, port = address.rpartition(":")
        self.errors = (redis.RedisError, OSError)
        self.redis = redis.Redis(
            host, int(port), socket_timeout=0.1, socket_connect_timeout=0.1
        )
        self.gauge = Gauge("shop_cache_up", "Whether the cache answers this process.")
        for result in ("hit", "miss", "error"):
            ASKED.labels(result)
        self.look()
        threading.Thread(target=self.watch, daemon=True).start()

    def look(self):
        """Ask once whether the cache is there."""
        try:
            self.up = bool(self.redis.ping())
        except self.errors:
            self.up = False
        self.gauge.set(float(self.up))

    def watch(self):
        """Look every half second: requests never wait for a cache that is gone."""
        while True:
            time.sleep(0.5)
            self.look()

    def ask(self, command, *arguments):
        """Ask the cache something; None where it does not answer."""
        if not self.up:
            return None
        try:
            return command(*arguments)
        except self.errors:
            self.up = False
            ASKED.labels("error").inc()
            return None

    def price(self, sku):
        """Return an article's price in cents, or None where it has to be looked up."""
        if not self.up:
            return None
        found = self.ask(self.redis.get, f"price:{sku}")
        ASKED.labels("miss" if found is None else "hit").inc()
        return None if found is None else int(found)

    def keep(self, sku, cents):
        """Remember a price for ten seconds."""
        if self.up:
            self.ask(self.redis.setex, f"price:{sku}", 10, cents)
