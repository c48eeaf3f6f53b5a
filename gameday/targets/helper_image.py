"""The helper's image: Debian with iptables, ip, tc and Python.

It holds none of gameday's code (that comes with each helper), so that its name, a
hash of its Dockerfile, changes as seldom as that does.
"""

import hashlib
import os
from functools import cache
from pathlib import Path

DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
      iptables iproute2 python3 \\
 && rm -rf /var/lib/apt/lists/*
"""
IMAGE = f"gameday-helper:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
OVERRIDE = "GAMEDAY_HELPER_IMAGE"
_CODE = ("clock.py", "errors.py", "targets/sidecar/**/*.py")
_EMPTY = ("", "targets/")  # packages whose own __init__ stays here


def image_name() -> str:
    """Return the helper's image: our own, or the one that GAMEDAY_HELPER_IMAGE names.

    That one needs iptables, ip, tc and Python 3.11 or newer.
    """
    return os.environ.get(OVERRIDE) or IMAGE


@cache
def code_files() -> dict[str, bytes]:
    """Return the sidecar's code: paths of a `gameday` package, and their content."""
    root = Path(__file__).parents[1]
    files = {f"gameday/{folder}__init__.py": b"" for folder in _EMPTY}
    for pattern in _CODE:
        for path in sorted(root.glob(pattern)):
            files[f"gameday/{path.relative_to(root)}"] = path.read_bytes()
    return files
