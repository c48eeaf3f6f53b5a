"""What the tests of this room share."""

from pathlib import Path

import pytest

from tests.unit.files.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)
