"""The format of gate policies as pydantic models: the one definition of it."""

from typing import Literal

from pydantic import Field

from gameday.files.scenario.model_wire import as_written
from gameday.files.scenario.scenario_fields import PositiveDuration, Share, Text, Times
from gameday.files.scenario.scenario_wire import Wire
from gameday.model import scenario as model


class GateMetadata(Wire):
    """What the gate is called, on the command line and in URLs."""

    name: Text


class Burn(Wire):
    """The highest burn rates that pass, in multiples of the sustainable one."""

    fast: Times | None = Field(None, description="over both 1 h and 5 min")
    slow: Times | None = Field(None, description="over both 6 h and 30 min")


class GateSlo(Wire):
    """What one SLO has to have left."""

    slo: Text = Field(
        description="an SLO's name, as stored runs have it, or the path of its file"
    )
    budget_left: Share | None = Field(
        None, description="the least share of the error budget; default: 0%"
    )
    burn: Burn | None = None
    window: PositiveDuration | None = Field(
        None, description="counted over this time; default: the SLO's own window"
    )


class Proof(Wire):
    """How fresh proofs have to be."""

    max_age: PositiveDuration = Field(
        2_592_000.0, description="the oldest proof that counts; default: 30d"
    )


class GatePolicy(Wire):
    """A gate policy: what has to hold before a change ships."""

    apiVersion: Literal["gameday/v1"]  # noqa: N815 - the format's own name
    kind: Literal["GatePolicy"]
    metadata: GateMetadata
    prometheus: as_written(model.Server) | None = Field(
        None, description="default: that of the newest stored run with the SLO"
    )
    slos: list[GateSlo] = Field(default_factory=list)
    proof: Proof | None = Field(None, description="default: not asked")
    regressions: Literal["fail", "ignore"] = "fail"
