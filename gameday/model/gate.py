"""A gate policy: what has to hold before a change ships. Shares as ratios."""

from typing import Annotated

from gameday.frozen import frozen
from gameday.model.scenario import Server, Text
from gameday.model.values import kinds
from gameday.model.values.file_form import FileDefault, Group, Meaning

MAX_AGE = 30 * 86400.0  # seconds for which a proof is fresh, unless a policy says

_METADATA = Group(
    "metadata",
    "GateMetadata",
    "What the gate is called, on the command line and in URLs.",
)
_BURN = Group(
    "burn",
    "Burn",
    "The highest burn rates that pass, in multiples of the sustainable one.",
)
_PROOF = Group(
    "proof", "Proof", "How fresh proofs have to be.", meaning="default: not asked"
)


@frozen
class GateSlo:
    """What one SLO has to have left."""

    slo: Annotated[
        Text, Meaning("an SLO's name, as stored runs have it, or the path of its file")
    ]
    budget_left: Annotated[
        float | None,  # None: not asked
        kinds.SHARE,
        FileDefault(0.0),
        Meaning("the least share of the error budget; default: 0%"),
    ] = None
    fast: Annotated[
        float | None, kinds.BURN_RATE, _BURN, Meaning("over both 1 h and 5 min")
    ] = None
    slow: Annotated[
        float | None, kinds.BURN_RATE, _BURN, Meaning("over both 6 h and 30 min")
    ] = None
    window: Annotated[
        float | None,
        kinds.POSITIVE_DURATION,
        Meaning("counted over this time; default: the SLO's own window"),
    ] = None


@frozen
class GatePolicy:
    """A gate policy: what has to hold before a change ships."""

    name: Annotated[Text, _METADATA]
    path: str = ""
    slos: tuple[GateSlo, ...] = ()
    max_age: Annotated[
        float | None,  # None: not asked
        kinds.POSITIVE_DURATION,
        _PROOF,
        Meaning("the oldest proof that counts; default: 30d"),
    ] = MAX_AGE
    # Whether a scenario that has become worse closes the gate.
    regressions: Annotated[bool, kinds.word_for({"fail": True, "ignore": False})] = True
    prometheus: Annotated[
        Server | None,
        Meaning("default: that of the newest stored run with the SLO"),
    ] = None
