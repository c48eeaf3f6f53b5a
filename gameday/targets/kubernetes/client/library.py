"""The official client, without the models of the API that nothing here needs.

`import kubernetes.client` builds some 800 classes: an eighth of a second of every
command that speaks to a cluster, and of every engine. What is used here (configuration,
requests, kubeconfig) needs none of them. So the packages are put in place without
running their `__init__`. Whoever asks one for anything else, such as another extension
in this process, has it run then, and gets what it would have had.

Everything of `kubernetes` is imported by way of this module.
"""

import sys
import threading
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

_ROOT, _CLIENT = "kubernetes", "kubernetes.client"
_PACKAGES = (_ROOT, _CLIENT, "kubernetes.client.models")
_NEEDED = ("exceptions", "configuration", "rest", "api_client")  # each those before it
# What other modules of the library take from the package itself.
_NAMES = {"Configuration": "configuration", "ApiClient": "api_client"}
_TOLD = ("__version__", "__project__", "__all__")  # which `__init__` gives
_LOCK = threading.RLock()
_RUNNING: set[str] = set()


class PackageOnDemand(ModuleType):
    """A package whose `__init__` runs when something is asked for that it lacks."""

    def __getattr__(self, name: str) -> Any:
        """Run the package's own code; then it has what it has."""
        package = self.__name__
        if name.startswith("__") and name not in _TOLD:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with _LOCK:
            if type(self) is PackageOnDemand and package not in _RUNNING:
                _run(self)
        return ModuleType.__getattribute__(self, name)


def _run(package: ModuleType) -> None:
    spec = package.__spec__
    if spec is None or spec.loader is None:
        raise ImportError(f"{package.__name__} cannot be loaded")
    _RUNNING.add(package.__name__)
    try:
        spec.loader.exec_module(package)
        package.__class__ = ModuleType  # from here on a module as any other
    finally:
        _RUNNING.discard(package.__name__)


def _prepare() -> None:
    """Put the packages in place, unless somebody has imported them already."""
    with _LOCK:
        if _ROOT in sys.modules:
            return
        try:
            for name in _PACKAGES:
                _place(name)
            client = sys.modules[_CLIENT]
            loaded = {part: import_module(f"{_CLIENT}.{part}") for part in _NEEDED}
            for name, part in _NAMES.items():
                setattr(client, name, getattr(loaded[part], name))
        except Exception:  # noqa: BLE001 - laid out otherwise: import all of it
            for name in [name for name in sys.modules if name.split(".")[0] == _ROOT]:
                del sys.modules[name]


def _place(name: str) -> None:
    parent, _, last = name.rpartition(".")
    path = sys.modules[parent].__path__ if parent else None
    spec: ModuleSpec | None = PathFinder.find_spec(name, path)
    if spec is None:
        raise ImportError(name)
    package = module_from_spec(spec)
    package.__class__ = PackageOnDemand
    sys.modules[name] = package
    if parent:
        setattr(sys.modules[parent], last, package)


_prepare()

from kubernetes import client as _client  # noqa: E402 - as it is in place now
from kubernetes.client.exceptions import ApiException  # noqa: E402
from kubernetes.config.config_exception import ConfigException  # noqa: E402
from kubernetes.config.incluster_config import load_incluster_config  # noqa: E402
from kubernetes.config.kube_config import load_kube_config  # noqa: E402

ApiClient = _client.ApiClient
Configuration = _client.Configuration

__all__ = [
    "ApiClient",
    "ApiException",
    "ConfigException",
    "Configuration",
    "load_incluster_config",
    "load_kube_config",
]
