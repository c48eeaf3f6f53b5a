"""The images of the shop on Kubernetes: built by Docker, given to the nodes."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from stage import STATE, StageError
from stage.kubernetes_run import run

SHOP = "docker.io/library/gameday-shop"
PROMETHEUS = "docker.io/library/gameday-shop-prometheus"
_PROMETHEUS_IMAGE = """\
FROM debian:bookworm-slim
COPY prometheus /bin/prometheus
USER 65534
ENTRYPOINT ["/bin/prometheus"]
"""


def provide(context: str, there: Collection[str]) -> dict[str, str]:
    """Build the images and load them; return those of the shop by their names.

    What every node has already (`there`) is not loaded again. Without Docker that is
    the images' makers' business, and nothing is returned. SHOP_IMAGE is another name
    for the shop's, such as one in a registry.
    """
    if not shutil.which("docker"):
        print("shop: without Docker: the nodes have to have the images", flush=True)
        return {}
    load = loader(context)
    shop = os.environ.get("SHOP_IMAGE") or SHOP
    images = {SHOP: build(shop, "-f", "demo/image/Dockerfile", ".")}
    if program := os.environ.get("GAMEDAY_PROMETHEUS"):
        images[PROMETHEUS] = prometheus(Path(program))
    lacking = [one for one in (*images.values(), helper()) if one not in there]
    if load and lacking:
        print(f"shop: loading {' '.join(lacking)} …", flush=True)
        run(*load, *lacking, seconds=600)
    return images


def build(name: str, *what: str) -> str:
    """Build an image; return its name with its tag, made of what is in it."""
    print(f"shop: building {name} …", flush=True)
    made = run("docker", "build", "-q", "-t", f"{name}:demo", *what, seconds=600)
    tag = made.splitlines()[-1].removeprefix("sha256:")[:12]
    run("docker", "tag", f"{name}:demo", f"{name}:{tag}", seconds=10)
    return f"{name}:{tag}"


def prometheus(program: Path) -> str:
    """Build an image of a Prometheus that knows Kubernetes; return its name."""
    if not program.is_file():
        raise StageError(f"GAMEDAY_PROMETHEUS: there is no program {program}")
    folder = STATE / "kubernetes" / "image"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, folder / "prometheus")
    (folder / "Dockerfile").write_text(_PROMETHEUS_IMAGE)
    return build(PROMETHEUS, str(folder))


def helper() -> str:
    """Return the full name of gameday's own helper image, built if need be."""
    from gameday.targets.helper_image import DOCKERFILE, image_name

    name = image_name()
    if not run("docker", "images", "-q", name, seconds=20):
        print(f"shop: building {name} …", flush=True)
        run("docker", "build", "-q", "-t", name, "-", seconds=600, said=DOCKERFILE)
    return name if "/" in name else f"docker.io/library/{name}"


def loader(context: str) -> list[str]:
    """Return the command that gives images to the nodes; empty where none is needed.

    It is GAMEDAY_IMAGE_LOADER, or kind's or minikube's own way.
    """
    if given := os.environ.get("GAMEDAY_IMAGE_LOADER", "").split():
        return given
    if context == "docker-desktop":  # its node is the engine that built them
        return []
    if context.startswith("kind-"):
        cluster = context.removeprefix("kind-")
        return ["kind", "load", "docker-image", "--name", cluster]
    if context == "minikube":
        return ["minikube", "image", "load"]
    raise StageError(
        f"nobody says how {context} gets images: set GAMEDAY_IMAGE_LOADER=command, "
        "which is called with their names"
    )
