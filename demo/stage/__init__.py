"""Brings the demo shop up and down, with nothing but the standard library.

Several shops can stand beside each other on one machine: SHOP_PROJECT names one
(default: shop), SHOP_ADDRESS is the loopback address at which it answers (default:
127.0.0.1; the ports are the same on each).
"""

import os
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1]
ROOT = DEMO.parent
STATE = ROOT / ".shop"
PROJECT = "shop"  # the default


class StageError(Exception):
    """The shop cannot be brought up; the message says why and what to do."""


def project() -> str:
    """Return the name of this shop: its Compose project."""
    return os.environ.get("SHOP_PROJECT") or PROJECT


def address() -> str:
    """Return the loopback address at which this shop answers."""
    return os.environ.get("SHOP_ADDRESS") or "127.0.0.1"


def state() -> Path:
    """Return the folder of this shop's processes: data, configuration, logs."""
    return STATE if project() == PROJECT else STATE / project()
