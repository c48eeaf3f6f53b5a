"""The decision to end a run here."""

from gameday.model.verdict import Ending


class RunStopped(Exception):
    """The run ends here: why, and as what; a decision, not an error."""

    def __init__(
        self, ending: Ending, because: str, *, conclusive: bool = False
    ) -> None:
        super().__init__(because)
        self.ending = ending
        self.because = because
        self.refusal = conclusive  # refused with exit 2 rather than 3
