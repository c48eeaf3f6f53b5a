"""What an engine's process does before its first fault.

A module of its own, without imports: the process imports it to find the function.
"""


def open_target_ahead() -> None:
    """Open the run's target beside the experiment's own gate; see `open_ahead`."""
    from gameday.faults.context import open_ahead

    open_ahead()
