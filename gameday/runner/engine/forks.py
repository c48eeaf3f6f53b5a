"""A forked process's first call, named without importing the engine.

The parent only sends these functions' names; the engine (`child`) is imported in
the server that forks, never in the parent.
"""

from multiprocessing.connection import Connection

from gameday.runner.engine.jobs import Job


def conduct(pipe: Connection, job: Job) -> None:
    """Run the experiment; hold after its method until the parent says so."""
    from gameday.runner.engine import child

    child.conduct(pipe, job)


def replay(pipe: Connection, job: Job) -> None:
    """Play an experiment's rollbacks alone (its engine died before them)."""
    from gameday.runner.engine import child

    child.replay(pipe, job)


def probe(pipe: Connection, job: Job, every: float) -> None:
    """Look at the hypothesis again and again until the parent hangs up."""
    from gameday.runner.engine import child

    child.probe(pipe, job, every)
