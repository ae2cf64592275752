"""Log lines grouped into messages: equal messages of one step become one entry (operations.md section 5, settings.md section 4.5).

Two messages are equal when step, level, code and the shape of the text agree. The shape is the text without the names of its own
record, without quoted values and without words that hold digits. A group shows the values that all its lines share and an
ellipsis where they differ; what differs stands with each record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tallybridge.reporting.chains import Chains, told
from tallybridge.reporting.words import ELLIPSIS, clean, shortened
from tallybridge.sync.runlog import Level, LogLine, Message

NETSUITE_CHARACTERS = 10_000
"""Without debug logging: what all NetSuite errors of a run may take up together [D]."""
NETSUITE_ERRORS = 50
"""With debug logging: how many NetSuite errors are given in full, unless the setting says otherwise [D]."""
MAX_MESSAGES = 200
MAX_RECORDS = 50
"""Records listed with one message; the count goes on."""
MAX_LABEL = 400
WAITS_FOR = "waits for "
BETWEEN = " \u00b7 "
"""Between a record's number and what it waits for, or what differs about it."""

CUT = "(cut: NetSuite errors of one run are shown up to 10,000 characters; the log has them in full)"
NOT_PRINTED = "Further NetSuite errors; the number printed in full is limited. The log has all of them."
OTHER_KINDS = "Further messages of other kinds. The log has all of them."

_MARKS = "\x00\x01\x02"
_OWN = re.compile(f"[{_MARKS}]")
_DIGIT = re.compile(r"\d")
_VALUE = re.compile(r'"[^"]*"|[^\s"(),;]+')


def group_messages(lines: Iterable[LogLine], *, debug: bool = False, error_limit: int = NETSUITE_ERRORS) -> list[Message]:
    """The warnings and errors of a run, grouped, in the order in which each first appeared. Memory stays bounded. A record that waits
    says for what, and what stands at the end of that chain.

    `debug` is the setting *Debug logging*, `error_limit` the number behind *NetSuite Error Limit for Debugging*. Counts are always
    complete: the sum of all counts is the number of warning and error lines.
    """
    messages = Messages(debug=debug, error_limit=error_limit)
    for line in lines:
        messages.add(line)
    return messages.grouped()


class Messages:
    """Takes a run's lines one by one and groups them, see `group_messages`. Survives a round trip through JSON."""

    def __init__(self, *, debug: bool = False, error_limit: int = NETSUITE_ERRORS) -> None:
        self.debug = debug
        self.error_limit = error_limit
        self.groups: dict[object, Group] = {}
        self.in_full = 0
        self.chains = Chains()

    def add(self, line: LogLine) -> None:
        if line.level not in (Level.WARNING, Level.ERROR):
            return
        self.chains.add((line.source_number, line.source_id), line.waits_for)
        pieces, values = taken_apart(line)
        key, shown = _place(line, pieces, self.in_full, self.debug, self.error_limit)
        self.in_full += self.debug and from_netsuite(line)
        if key not in self.groups and len(self.groups) >= MAX_MESSAGES:
            key, shown = (line.level,), replace(line, message=OTHER_KINDS, code="", step="", advice="")
        group = self.groups.get(key) or self.groups.setdefault(key, Group(shown))
        group.add(shown, values if shown is line else taken_apart(shown)[1])

    def grouped(self) -> list[Message]:
        messages = [group.message(self.chains) for group in self.groups.values()]
        return messages if self.debug else cut(messages)

    def to_json(self) -> dict[str, Any]:
        groups = [[key, group.to_json()] for key, group in self.groups.items()]
        return {"groups": groups, "in_full": self.in_full, "waits": self.chains.waits}

    def load(self, row: dict[str, Any]) -> None:
        """Go on where another has stood."""
        self.groups = {frozen(key): Group.from_json(group) for key, group in row["groups"]}
        self.in_full, self.chains = int(row["in_full"]), Chains(dict(row["waits"]))


def frozen(value: Any) -> Any:
    """A key that was written as JSON: lists are tuples."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def from_netsuite(entry: LogLine | Message) -> bool:
    """Whether NetSuite wrote the text of this line or message."""
    return entry.code.startswith("NS-") or entry.message.startswith("NetSuite Warning:")


def only_waits(message: Message) -> bool:
    """Whether every record of a message waits for another record, so that the message needs nobody by itself."""
    return bool(message.records) and all(r.partition(BETWEEN)[2].startswith(WAITS_FOR) for r in message.records)


def waiting_records(messages: Iterable[Message]) -> int:
    """How many records only wait for others; a record that has a trouble of its own as well does not count."""
    waiting: set[str] = set()
    own: set[str] = set()
    unlisted = 0
    for message in messages:
        names = {r.partition(BETWEEN)[0] for r in message.records}
        if only_waits(message):
            waiting |= names
            unlisted += max(0, message.count - len(message.records))
        else:
            own |= names
    return len(waiting - own) + unlisted


def cut(messages: list[Message]) -> list[Message]:
    """The messages with the texts of NetSuite cut at 10,000 characters in total; codes, counts and records stay."""
    left = NETSUITE_CHARACTERS
    kept = []
    for message in messages:
        if from_netsuite(message):
            if len(message.message) > left:
                message = replace(message, message=f"{message.message[:left]}{ELLIPSIS} {CUT}")
            left = max(0, left - len(message.message))
        kept.append(message)
    return kept


def _place(line: LogLine, pieces: tuple[str, ...], in_full: int, debug: bool, error_limit: int) -> tuple[object, LogLine]:
    """The group a line belongs to, and the line as it is to be shown there."""
    if debug and from_netsuite(line):
        if in_full < error_limit:
            return (in_full,), line
        return (line.step, line.level, line.code), replace(line, message=NOT_PRINTED)
    return (line.step, line.level, line.code, pieces), line


class _Value(NamedTuple):
    text: str
    own: bool  # names the record itself

    def blank(self) -> str:
        return f'"{ELLIPSIS}"' if self.text.startswith('"') else ELLIPSIS


def taken_apart(line: LogLine) -> tuple[tuple[str, ...], tuple[_Value, ...]]:
    """The text as literal pieces and the values between them: always one piece more than values."""
    text = clean(line.message)
    names = sorted({n for n in (line.source_number, line.source_id, line.destination_id) if len(n) > 1}, key=len, reverse=True)
    for mark, name in zip(_MARKS, names, strict=False):
        text = text.replace(name, mark)
    pieces, values, start = [], [], 0
    for token in _VALUE.finditer(text):
        word = token[0] if token[0].startswith('"') else token[0].rstrip(".:!?'")
        own = _OWN.search(word) is not None
        if own or word.startswith('"') or _DIGIT.search(word):
            pieces.append(text[start : token.start()])
            start = token.start() + len(word)
            for mark, name in zip(_MARKS, names, strict=False):
                word = word.replace(mark, name)
            values.append(_Value(word, own))
    return (*pieces, text[start:]), tuple(values)


@dataclass
class Group:
    """Lines that are equal but for their values."""

    first: LogLine
    count: int = 0
    common: list[_Value | None] = field(default_factory=list)
    records: dict[tuple[str, str, tuple[str, ...]], tuple[_Value, ...]] = field(default_factory=dict)

    def add(self, line: LogLine, values: tuple[_Value, ...]) -> None:
        if not self.count:
            self.common = list(values)
        self.common = [c if c is not None and c.text == v.text else None for c, v in zip(self.common, values, strict=True)]
        self.count += 1
        if len(self.records) < MAX_RECORDS:
            key = (line.source_number or line.source_id, line.waits_for, tuple(v.text for v in values))
            self.records.setdefault(key, values)

    def to_json(self) -> dict[str, Any]:
        records = [[name, waits_for, [list(v) for v in values]] for (name, waits_for, _), values in self.records.items()]
        common = [v and list(v) for v in self.common]
        return {"first": self.first.to_json(), "count": self.count, "common": common, "records": records}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Group:
        group = cls(LogLine.from_json(row["first"]), int(row["count"]), [v and _Value(*v) for v in row["common"]])
        for name, waits_for, known in row["records"]:
            values = tuple(_Value(*v) for v in known)
            group.records[name, waits_for, tuple(v.text for v in values)] = values
        return group

    def message(self, chains: Chains) -> Message:
        pieces, values = taken_apart(self.first)
        text = pieces[0]
        for piece, value, common in zip(pieces[1:], values, self.common, strict=True):
            text += (value.text if common else value.blank()) + piece
        labels = (self._label(name, told(waits_for, chains.root(waits_for)), v) for (name, waits_for, _), v in self.records.items())
        return Message(
            step=self.first.step,
            level=self.first.level,
            code=self.first.code,
            message=text,
            advice=self.first.advice,
            count=self.count,
            records=list(dict.fromkeys(label for label in labels if label)),
        )

    def _label(self, name: str, waits_for: str, values: tuple[_Value, ...]) -> str:
        differing = [v.text.strip('"') for v, common in zip(values, self.common, strict=True) if common is None and not v.own]
        about = WAITS_FOR + waits_for if waits_for else ", ".join(differing)
        return shortened(clean(BETWEEN.join(part for part in (name, about) if part)), MAX_LABEL)
