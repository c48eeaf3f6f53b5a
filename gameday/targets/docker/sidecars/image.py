"""The helper's image on an engine: built on first need, the code copied in."""

import io
import os
import tarfile
from functools import cache

from gameday.errors import FaultFailed
from gameday.targets.docker.engine import DockerEngine, EngineRefused, Gone
from gameday.targets.helper_image import (
    DOCKERFILE,
    IMAGE,
    OVERRIDE,
    code_files,
    image_name,
)

_BUILD_TIMEOUT = 600
FOLDER = "/opt/gameday-helper"


def is_there(engine: DockerEngine) -> bool:
    """Return whether the engine has the helper's image."""
    api = engine.api
    try:
        with engine.translated_errors():
            api.inspect_image(image_name())  # type: ignore[no-untyped-call]
    except Gone:
        return False
    return True


def build(engine: DockerEngine) -> None:
    """Build the image on the engine; FaultFailed with the builder's last words."""
    if os.environ.get(OVERRIDE):
        raise FaultFailed(f"the engine has no image {image_name()} ({OVERRIDE})")
    api = engine.api
    try:
        with engine.translated_errors():
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
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in code_files().items():
            entry = tarfile.TarInfo(f"{FOLDER.lstrip('/')}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
