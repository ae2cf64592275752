"""What a run is, as its functions hand it on in S3: run.json, written when it is opened and not changed afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from tallybridge.settings import Settings
from tallybridge.sync.folder import RunFolder

NAME = "run.json"


@dataclass(frozen=True)
class RunFile:
    """`settings` is the document as it was when the run began: a change takes effect with the next run. `started` and `until`, when the run
    takes up nothing more ("" before there was such a time), are ISO 8601 UTC."""

    run_id: str
    instance: str
    trigger: str
    dry_run: bool
    started: str
    mode: str
    settings: dict[str, Any]
    steps: dict[str, bool] = field(default_factory=dict)
    until: str = ""
    instructed_only: bool = False
    """Only records that people have given instructions for are taken up."""
    reverse: str = ""
    """The plan of reversals that the run carries out, and nothing else; "" for none."""
    by: str = ""
    """The person who has started it, "" where nobody is known."""
    plan: str = ""
    """The dry run whose plan is applied, and nothing else; "" for none."""

    @property
    def restricted(self) -> bool:
        """Whether only some records are taken up: such a run says nothing of the whole. It moves no watermark, lets nothing go that it does
        not meet, and looks for no drift."""
        return self.instructed_only or bool(self.plan or self.reverse)

    settings_version: str = ""
    """The number of the version in the history of the settings, and the digest of its content: "12/9f2c..."."""

    @property
    def told(self) -> dict[str, str]:
        """What the ledger keeps of the run with each record: the person or else the trigger that has started it, and the version of the
        settings."""
        return {"run_by": self.by or self.trigger, "settings_version": self.settings_version}

    def save(self, folder: RunFolder) -> None:
        folder.write_json(NAME, asdict(self))

    @classmethod
    def load(cls, folder: RunFolder) -> RunFile:
        return cls(**folder.read_json(NAME))

    def parsed_settings(self) -> Settings:
        return self._parsed

    @cached_property
    def _parsed(self) -> Settings:
        return Settings.model_validate(self.settings)
