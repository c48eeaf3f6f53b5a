"""Which demo shop a test speaks to: each pytest-xdist worker has one of its own.

A worker's shop has its own Compose project and its own loopback address, so that
several stand side by side. Without xdist, and in the pages' examples, it is the shop
that a reader has: project `shop` at 127.0.0.1.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHOP, PROMETHEUS, ALERTMANAGER, PAGER, SUPERVISOR = 8080, 9090, 9093, 9099, 9001


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's Compose project and the address at which it answers."""

    project: str = "shop"
    address: str = "127.0.0.1"

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells demo/stage and the experiments which shop is meant."""
        return {
            "SHOP_PROJECT": self.project,
            "SHOP_ADDRESS": self.address,
            "SHOP_URL": self.url(SHOP),
        }

    def url(self, port: int, path: str = "") -> str:
        """Return the URL of a path at one of the shop's ports."""
        return f"http://{self.address}:{port}{path}"

    def placed(self, text: str) -> str:
        """Return the text of a shipped file as it is for this shop."""
        text = text.replace(
            "docker: {project: shop}", f"docker: {{project: {self.project}}}"
        )
        return text.replace("//127.0.0.1:", f"//{self.address}:")


READERS = Shop()


def own() -> Shop:
    """Return this worker's shop; the reader's where the tests run one by one.

    GAMEDAY_TEST_SHOP is the number of another, for tests that run beside those.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(os.environ.get("GAMEDAY_TEST_SHOP", "0"))
    if worker:
        number = int(worker.removeprefix("gw")) + 1
    return Shop(f"shop{number}", f"127.0.0.{number + 1}") if number else READERS


@contextmanager
def meant(shop: Shop) -> Iterator[None]:
    """Have demo/stage, and all processes started meanwhile, speak to this shop."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shop.environment.items():
            patch.setenv(name, value)
        yield
