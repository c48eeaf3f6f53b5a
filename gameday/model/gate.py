"""A gate policy: what has to hold before a change ships. Shares as ratios."""

from dataclasses import dataclass

from gameday.model.scenario import Endpoint

MAX_AGE = 30 * 86400.0  # seconds for which a proof is fresh, unless a policy says


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSlo:
    """One SLO of a policy: an SLO's name, or the path of its file.

    `budget_left`: the least share of its error budget; None: not asked. `fast`,
    `slow`: the highest burn rates over 1 h and 5 min, and over 6 h and 30 min.
    `window`: seconds, instead of the SLO's own.
    """

    slo: str
    budget_left: float | None = None
    fast: float | None = None
    slow: float | None = None
    window: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What has to hold. `max_age`: of proofs, in seconds; None: not asked.

    `regressions`: whether a scenario that has become worse closes the gate.
    `prometheus`: None: that of the newest run which has the SLO.
    """

    name: str
    path: str = ""
    slos: tuple[GateSlo, ...] = ()
    max_age: float | None = MAX_AGE
    regressions: bool = True
    prometheus: Endpoint | None = None
