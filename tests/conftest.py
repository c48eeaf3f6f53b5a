"""Which tests can run here: a marker names what a test needs.

A test whose need is not met is skipped and says why. A need named in
GAMEDAY_TEST_REQUIRE (`docker,local,alerting,kubernetes`) must be met: the test is an
error then, also when it would skip itself. Only reasons that begin with `kernel:`
(what this kernel lacks) or `version:` (what an older program lacks) may still skip.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import groups

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = {
    name.strip()
    for name in os.environ.get("GAMEDAY_TEST_REQUIRE", "").split(",")
    if name.strip()
}
SHOP_PATIENCE = 300.0  # seconds for the shop to come up or down
MAY_SKIP = ("kernel:", "version:")

# How long an example takes says how busy the machine is, nothing of the code.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")

if str(ROOT / "demo") not in sys.path:
    sys.path.append(str(ROOT / "demo"))  # demo/stage knows how the shop is started


@cache
def no_docker() -> str:
    """Return why the shop cannot run on Docker here; empty when it can."""
    from stage import docker  # type: ignore[import-not-found, unused-ignore]

    why: str = docker.why_not()
    return why


@cache
def no_local() -> str:
    """Return why the embedded shop's programs cannot be had; empty when they can."""
    from stage import programs  # type: ignore[import-not-found, unused-ignore]

    missing = [name for name in programs.PROGRAMS if not programs.located(name)]
    return _unpackable(missing)


@cache
def no_alerting() -> str:
    """Return why Prometheus or Alertmanager cannot be had; empty when they can."""
    wanted = {
        "prometheus": ("prometheus",),
        "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    }
    missing = [
        name
        for name, spellings in wanted.items()
        if not os.environ.get(f"GAMEDAY_TEST_{name.upper()}")
        and not os.environ.get("GAMEDAY_TEST_ALERTING_CURRENT")
        and not any(shutil.which(spelling) for spelling in spellings)
    ]
    return _unpackable(missing)


@cache
def no_kubernetes() -> str:
    """Return why there is no cluster; empty when one is named."""
    if os.environ.get("GAMEDAY_TEST_KUBERNETES"):
        return ""
    return "no cluster: GAMEDAY_TEST_KUBERNETES=CONTEXT/NAMESPACE names one"


def _unpackable(missing: list[str]) -> str:
    """Return why these programs cannot be had from Debian's packages either."""
    if not missing or (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return ""
    return f"{', '.join(missing)}: not on PATH, and no Debian packages to unpack"


NEEDS: dict[str, Callable[[], str]] = {
    "docker": no_docker,
    "local": no_local,
    "alerting": no_alerting,
    "kubernetes": no_kubernetes,
}


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a need that nobody knows: a misspelt one would require nothing."""
    # The same in all workers: they have to collect the same tests.
    os.environ.setdefault("GAMEDAY_KILLS_SEED", str(secrets.randbelow(2**31)))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Times(), "gameday-times")
    if unknown := REQUIRED - set(NEEDS):
        raise pytest.UsageError(
            f"GAMEDAY_TEST_REQUIRE names {', '.join(sorted(unknown))}; "
            f"known are {', '.join(NEEDS)}"
        )


class Times:
    """What each group of tests took, told at the end."""

    def __init__(self) -> None:
        self._spent = groups.Spent()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a phase of a test."""
        self._spent.add(report)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Show the table, where more than one group ran."""
        if len(self._spent.seconds) > 1:
            terminalreporter.section("what took how long")
            for line in self._spent.lines():
                terminalreporter.write_line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadscope`, have groups as scopes."""
    scoped = config.getoption("dist") == "loadscope"
    return groups.scheduler(config, log) if scoped else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the groups that the table has first."""
    groups.sort(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look whether what the test needs is there, before any fixture is made."""
    for name, look in NEEDS.items():
        if item.get_closest_marker(name) is None:
            continue
        if why := look():
            if name in REQUIRED:
                pytest.fail(f"{name} is required here: {why}", pytrace=False)
            pytest.skip(f"{name}: {why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Turn the skip of a test that must not be skipped into a failure."""
    report = yield
    needs = {name for name in NEEDS if item.get_closest_marker(name)} & REQUIRED
    if report.skipped and needs and not hasattr(report, "wasxfail"):
        reason = str(getattr(call.excinfo, "value", "skipped"))
        if not reason.startswith(MAY_SKIP):
            report.outcome = "failed"
            report.longrepr = f"{', '.join(needs)} is required, and it skips: {reason}"
    return report


@pytest.fixture(scope="session")
def cluster_shop() -> Iterator[dict[str, str]]:
    """Open the shop on the cluster, unless it is open; yield where it is."""
    from stage import kubernetes  # type: ignore[import-not-found, unused-ignore]

    context = os.environ["GAMEDAY_TEST_KUBERNETES"].partition("/")[0]
    cluster = kubernetes.Cluster(context)
    was_up = cluster.is_up()
    demo = [sys.executable, str(ROOT / "demo" / "kubernetes")]
    env = {**os.environ, "CONTEXT": context}
    subprocess.run([*demo, "up"], check=True, timeout=2 * SHOP_PATIENCE, env=env)
    yield {"GAMEDAY_CONTEXT": context, "SHOP_HOST": cluster.address()}
    if not was_up:
        subprocess.run([*demo, "down"], check=True, timeout=SHOP_PATIENCE, env=env)
