"""What engines of `test_engine` are asked to do before their method."""

import os
from pathlib import Path


def touch() -> None:
    """Make the file that the environment names."""
    Path(os.environ["DONE"]).touch()


def fail() -> None:
    """Do nothing but break."""
    raise RuntimeError("nothing of it works")
