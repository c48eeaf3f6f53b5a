"""The helper's image: Debian with iptables, ip, tc and Python; built on first need.

It holds none of gameday's code (that is copied into each container), so that its
name, a hash of its Dockerfile, changes as seldom as that does.
"""

import hashlib
import io
import os
import tarfile
from functools import cache
from pathlib import Path

from gameday.errors import FaultFailed
from gameday.targets.docker.engine import Engine, EngineRefused, Gone

DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
      iptables iproute2 python3 \\
 && rm -rf /var/lib/apt/lists/*
"""
IMAGE = f"gameday-helper:{hashlib.sha256(DOCKERFILE.encode()).hexdigest()[:12]}"
OVERRIDE = "GAMEDAY_HELPER_IMAGE"
_BUILD_TIMEOUT = 600
_CODE = (
    "clock.py",
    "errors.py",
    "targets/sidecar/*.py",
)
_EMPTY = ("", "targets/")  # packages whose own __init__ stays here
FOLDER = "/opt/gameday-helper"


def image_name() -> str:
    """Return the helper's image: our own, or the one that GAMEDAY_HELPER_IMAGE names.

    That one needs iptables, ip, tc and Python 3.11 or newer.
    """
    return os.environ.get(OVERRIDE) or IMAGE


def is_there(engine: Engine) -> bool:
    """Return whether the engine has the helper's image."""
    api = engine.api
    try:
        with engine.speaking():
            api.inspect_image(image_name())  # type: ignore[no-untyped-call]
    except Gone:
        return False
    return True


def build(engine: Engine) -> None:
    """Build the image on the engine; FaultFailed with the builder's last words."""
    if os.environ.get(OVERRIDE):
        raise FaultFailed(f"the engine has no image {image_name()} ({OVERRIDE})")
    api = engine.api
    try:
        with engine.speaking():
            answer = api.build(
                fileobj=io.BytesIO(DOCKERFILE.encode()),
                tag=IMAGE,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_BUILD_TIMEOUT,
                labels={"gameday.helper": "image"},
            )
            said = [
                str(line.get("stream") or line.get("error") or "") for line in answer
            ]
    except EngineRefused as wrong:
        raise FaultFailed(f"the helper's image could not be built: {wrong}") from wrong
    if not is_there(engine):
        words = " ".join("".join(said[-3:]).split())
        raise FaultFailed(f"the helper's image could not be built: {words}")


@cache
def code() -> bytes:
    """Return the sidecar's code as a tar archive to be unpacked at `/`."""
    root = Path(__file__).parents[2]
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        files = {f"{folder}__init__.py": b"" for folder in _EMPTY}
        for pattern in _CODE:
            for path in sorted(root.glob(pattern)):
                files[str(path.relative_to(root))] = path.read_bytes()
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{FOLDER.lstrip('/')}/gameday/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
