"""What `chaos discover --no-install chaostoolkit-gameday` shows: faults and `undo`."""

from typing import Any

FAMILIES = (
    "gameday.faults.process",
    "gameday.faults.network",
    "gameday.faults.resource",
    "gameday.faults.kubernetes",
    "gameday.faults",
)


def discover(*, discover_system: bool = True) -> Any:
    """Return gameday's actions in the form that Chaos Toolkit's discovery wants."""
    from chaoslib.discovery import discover_actions, initialize_discovery_result

    import gameday

    result = initialize_discovery_result(
        "chaostoolkit-gameday",
        gameday.__version__,
        "gameday" if discover_system else "",
    )
    for module in FAMILIES:
        result["activities"].extend(discover_actions(module))
    return result
