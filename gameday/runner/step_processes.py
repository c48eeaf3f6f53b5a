"""One step's processes: the engine that injects, the prober that looks.

Translates their messages to events. Where every fault of a step is gameday's own,
an engine is simply ended and the ledger undoes; where other extensions acted, their
rollbacks are the only undo, so the engine is asked to play them, and if it cannot,
they are played by another process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gameday.errors import StoreError
from gameday.model.events import (
    Activity,
    Engine,
    FaultFailed,
    Hypothesis,
    Note,
    Probe,
)
from gameday.model.events.run import CUT_SHORT
from gameday.model.scenario import Step
from gameday.ports import Emit
from gameday.runner.dependencies import RunDependencies
from gameday.runner.engine.fork_server import Child
from gameday.runner.engine.jobs import Job
from gameday.runner.readiness import PROBE_EVERY

FOREIGN_PATIENCE = 10.0  # seconds for the engine to play foreign rollbacks
REPLAY_PATIENCE = 60.0  # seconds for another process to play them


@dataclass(slots=True)
class StepProgress:
    """Where a step stands: when it was injected and when it was over."""

    step: Step
    injected_at: float | None = None
    ended_at: float | None = None
    faults_seen: int = 0
    rollbacks: int = 0  # the ledger's entry of foreign rollbacks
    configuration: Mapping[str, Any] = field(default_factory=dict)  # probes' values

    def phase(self, at: float, took: float = 0.0) -> str:
        """Return before, during or after, for something that began then.

        What began before the injection and ended after it belongs to neither side.
        """
        if self.injected_at is None or at + took < self.injected_at:
            return "before"
        if at < self.injected_at:
            return "injection"
        if self.ended_at is None or at < self.ended_at:
            return "during"
        return "after"


class StepProcesses:
    """Starts and ends a step's processes; `emit` gets what they say, as events."""

    def __init__(self, dependencies: RunDependencies, emit: Emit) -> None:
        self._dependencies = dependencies
        self._emit = emit
        self._progress: StepProgress | None = None
        self._engine: Child | None = None
        self._prober: Child | None = None
        self.method_done = False
        self.finished = False
        self.cut_short = False  # the experiment has ended before its hold was over
        self._rolled_back = False

    def begin(self, step: Step) -> None:
        """Look at the step's hypothesis from now on."""
        self._progress = StepProgress(step=step)
        self._engine, self.method_done, self.finished = None, False, False
        self.cut_short = False
        self._rolled_back = False
        if step.experiment.has_hypothesis:
            self._prober = self._dependencies.engine.prober(
                self._job(step), PROBE_EVERY, self._on_prober
            )

    def inject(self) -> None:
        """Start the experiment."""
        if self._progress is None:
            return
        step = self._progress.step
        self._dependencies.ledger.plan_again(step.name)
        if step.experiment.foreign:
            self._progress.rollbacks = self._dependencies.ledger.open_rollbacks(
                step.name, step.experiment.document
            )
        self._progress.injected_at = self._dependencies.clock.now()
        job = replace(
            self._job(step),
            rollbacks=self._progress.rollbacks,
            ahead=self._dependencies.ahead if step.experiment.faults else None,
        )
        self._engine = self._dependencies.engine.experiment(job, self._on_engine)

    def release(self) -> None:
        """The hold is over: the engine goes on to its rollbacks."""
        if self._engine is not None:
            self._engine.release()

    def end(self, step: Step) -> None:
        """The rollbacks are over, or took too long: the engine ends here."""
        if self._engine is not None and not self.finished:
            self._kill(step)
        if self._progress is not None:
            self._progress.ended_at = self._dependencies.clock.now()

    def abandon(self) -> None:
        """End everything now; foreign rollbacks are still played."""
        self.stop_probing(kill=True)
        if (
            self._progress is not None
            and self._engine is not None
            and not self.finished
        ):
            self._kill(self._progress.step)

    def stop_probing(self, *, kill: bool = False) -> None:
        """End the prober; idempotent. Killed, it is not waited for."""
        prober, self._prober = self._prober, None
        if prober is None:
            return
        if not kill:
            prober.release()
        if kill or not prober.wait(1.0):
            prober.kill()

    def _kill(self, step: Step) -> None:
        engine, self._engine = self._engine, None
        if engine is None:
            return
        if step.experiment.foreign:
            engine.interrupt()
            engine.release()
            engine.wait(FOREIGN_PATIENCE)
        engine.kill()
        engine.wait(1.0)
        if step.experiment.foreign and not self._rolled_back:
            again = self._dependencies.engine.rollbacks(
                self._job(step), self._on_engine
            )
            if not again.wait(REPLAY_PATIENCE):
                again.kill()

    def _job(self, step: Step) -> Job:
        return Job(
            document=step.experiment.document,
            environment={**self._dependencies.environment, "GAMEDAY_STEP": step.name},
            configuration={}
            if self._progress is None
            else self._progress.configuration,
        )

    def _on_prober(self, name: str, fields: Mapping[str, Any]) -> None:
        progress = self._progress
        if progress is not None and name == "configuration":
            progress.configuration = fields["values"]
        if progress is None or name not in ("probe", "hypothesis"):
            return
        kind = Probe if name == "probe" else Hypothesis
        phase = progress.phase(fields["at"], float(fields.get("took") or 0.0))
        self._emit(kind(step=progress.step.name, phase=phase, **fields))

    def _on_engine(self, name: str, fields: Mapping[str, Any]) -> None:
        progress = self._progress
        if progress is None:
            return
        self._rolled_back |= name == "rollbacks"
        if name == "rolled_back" and progress.rollbacks:
            self._dependencies.ledger.rolled_back(progress.rollbacks, fields["failed"])
        if name == "journal":
            self._keep_journal(progress.step.name, fields["text"])
        self._report(progress, name, fields)
        status = "escaped" if name == "escaped" else fields.get("status")
        self.cut_short |= name in ("engine", "escaped") and status in CUT_SHORT
        if name in ("method_completed", "finished", "gone"):
            self.method_done = True
        if name in ("finished", "gone"):
            self.finished = True

    def _keep_journal(self, step: str, text: str) -> None:
        """Write the engine's journal; a full disk must not end who listens to it."""
        try:
            self._dependencies.store.write(f"journal-{step}.json", text)
        except StoreError as error:
            note = f"{step}: the journal was not written: {error}"
            self._emit(Note(at=self._dependencies.clock.now(), text=note))

    def _report(
        self, progress: StepProgress, name: str, fields: Mapping[str, Any]
    ) -> None:
        now, step = self._dependencies.clock.now(), progress.step.name
        if name == "activity":
            self._emit(Activity(at=now, step=step, **_without_output(fields)))
            self._note_failed(progress, now, fields)
        elif name == "engine":
            self._emit(Engine(at=now, step=step, **fields))
        elif name == "escaped":
            self._emit(Engine(at=now, step=step, status="escaped", **fields))
        elif name == "log":
            self._emit(Note(at=now, text=f"{step}: engine: {fields['text']}"))

    def _note_failed(
        self, progress: StepProgress, now: float, fields: Mapping[str, Any]
    ) -> None:
        """A fault of ours that failed before anything was written down."""
        own = str(fields.get("function", "")).startswith("gameday.faults.")
        if fields["phase"] != "method" or fields["type"] != "action" or not own:
            return
        asked = progress.step.experiment.faults
        if progress.faults_seen < len(asked) and fields["status"] != "succeeded":
            request = asked[progress.faults_seen]
            self._emit(
                FaultFailed(
                    at=now,
                    step=progress.step.name,
                    fault=request.kind,
                    service=request.selection.service,
                    instance="",
                    because=fields["because"] or "the action failed",
                )
            )
        progress.faults_seen += 1


def _without_output(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("phase", "name", "type", "status", "because", "ok")
    return {key: fields[key] for key in kept if key in fields}
