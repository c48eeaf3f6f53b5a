"""Brings the demo shop up and down, with nothing but the standard library."""

from pathlib import Path

DEMO = Path(__file__).resolve().parents[1]
ROOT = DEMO.parent
STATE = ROOT / ".shop"


class StageError(Exception):
    """The shop cannot be brought up; the message says why and what to do."""
