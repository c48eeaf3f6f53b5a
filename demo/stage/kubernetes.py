"""The shop in a namespace of the cluster that kubectl reaches."""

import json
import os
import shutil
from dataclasses import dataclass

from stage import ROOT, STATE, StageError
from stage.kubernetes_images import PROMETHEUS, provide
from stage.kubernetes_run import run

OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"
NAMESPACE = "shop"
PART = "app.kubernetes.io/part-of=shop"
OWN = ("gameday.dev/demo", "shop")
"""The label that says whose the namespace is: what lacks it is never removed."""


@dataclass(frozen=True)
class Cluster:
    """A kubeconfig's context, and the shop's namespace there."""

    context: str

    @classmethod
    def chosen(cls) -> "Cluster":
        """Return the cluster that CONTEXT names; the current context plays no part.

        Without CONTEXT: the kubeconfig's only one, where nothing else can be meant.
        """
        if not shutil.which("kubectl"):
            raise StageError("there is no kubectl command")
        there = run("kubectl", "config", "get-contexts", "-o", "name", seconds=10)
        known = there.splitlines()
        if not known:
            raise StageError("the kubeconfig has no context")
        context = os.environ.get("CONTEXT") or (known[0] if len(known) == 1 else "")
        if context not in known:
            said = f"no context {context!r}" if context else "which cluster?"
            raise StageError(f"{said}; name one as CONTEXT=…: {', '.join(known)}")
        return cls(context)

    def kubectl(self, *words: str, seconds: float = 30, said: str = "") -> str:
        """Run kubectl on the shop's namespace, and never on another."""
        scope = ("--context", self.context, "--namespace", NAMESPACE)
        return run("kubectl", *scope, *words, seconds=seconds, said=said)

    def address(self) -> str:
        """Return a node's address: SHOP_HOST, or its InternalIP, or its ExternalIP."""
        if given := os.environ.get("SHOP_HOST"):
            return given
        nodes = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        for kind in ("InternalIP", "ExternalIP"):
            for node in nodes:
                for one in node["status"]["addresses"]:
                    if one["type"] == kind:
                        return str(one["address"])
        raise StageError(f"no node of {self.context} has an address; set SHOP_HOST")

    def images(self) -> set[str]:
        """Return the images that every node says it has."""
        nodes = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        held = [
            {
                name
                for image in node["status"].get("images") or ()
                for name in image["names"] or ()
            }
            for node in nodes
        ]
        return set.intersection(*held) if held else set()

    def is_up(self) -> bool:
        """Return whether the namespace is there."""
        found = self.kubectl("get", "namespace", NAMESPACE, "--ignore-not-found")
        return bool(found)

    def up(self) -> None:
        """Build and load the images, apply everything, wait until all is ready."""
        images = provide(self.context, self.images())
        kustomization = STATE / "kubernetes"
        kustomization.mkdir(parents=True, exist_ok=True)
        (kustomization / "kustomization.yaml").write_text(overlay(images))
        text = run("kubectl", "kustomize", kustomization, seconds=30)
        space = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": dict([OWN])},
        }
        self.kubectl("apply", "-f", "-", said=json.dumps(space))
        self.kubectl("apply", "-f", "-", said=text, seconds=60)
        for kind in ("statefulset", "deployment"):
            words = ("rollout", "status", kind, "-l", PART, "--timeout=180s")
            self.kubectl(*words, seconds=200)

    def down(self) -> None:
        """Remove the namespace, if it is the demo's own."""
        if not self.is_up():
            return
        label = "=".join(OWN)
        if not self.kubectl("get", "namespace", "-l", label, "-o", "name"):
            raise StageError(
                f"the namespace {NAMESPACE} of {self.context} was not made by this "
                f"demo (it lacks the label {label}); it stays"
            )
        words = ("delete", "namespace", NAMESPACE, "--timeout=120s")
        self.kubectl(*words, seconds=130)


def overlay(provided: dict[str, str]) -> str:
    """Return a kustomization of what is deployed, with the images provided."""
    base = OVERLAYS / ("lab" if PROMETHEUS in provided else "local")
    images = []
    for name, image in provided.items():
        new, _, tag = image.rpartition(":")
        images.append({"name": name, "newName": new, "newTag": tag})
    return json.dumps(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(base, STATE / "kubernetes")],
            "images": images,
        },
        indent=2,
    )
