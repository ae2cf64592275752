"""What an answer to one of an operator's questions is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How an answer is shown; the words always say it too."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True)
class Answer:
    question: str
    answer: str
    detail: str
    tone: Tone
