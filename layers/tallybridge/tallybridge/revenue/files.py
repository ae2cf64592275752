"""The record of every upload file, in the runs table: written before the file is sent, so that none is ever sent twice by itself.

    PREPARED -> SENDING -> SENT -> STAGED
                   |         |---> FAILED    Revenue rejected the file as a whole
                   |         '---> UNKNOWN   it never said what became of it
                   |-------------> FAILED    never taken
                   '-------------> UNKNOWN   the answer is lost, or the worker died: whoever finds SENDING cannot know

    pk "files#<run id>"   sk <object>#<part>

The time line that the condition on the state protects:

    worker A   SENDING stored --- POST --->  (dies, or its answer is lost)
    worker B                                  finds SENDING: UNKNOWN. Only a person, after looking in Revenue, says how it goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.errors import StepFailed
from tallybridge.sync.ledger import Table
from tallybridge.sync.runs import RETENTION

MAX_QUERY_PAGES = 1_000
MAX_ANSWER = 2_000
"""Characters of Revenue's answers that are kept with a file."""


class FileState(StrEnum):
    PREPARED = "PREPARED"
    SENDING = "SENDING"
    SENT = "SENT"
    STAGED = "STAGED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class UploadedFile:
    """One file of one object. `key` is where it lies in the uploads bucket; `first_row` and `rows` say which rows it holds."""

    object: str
    part: int
    parts: int
    name: str
    key: str
    template: str
    first_row: int
    rows: int
    bytes: int
    sha256: str
    turn: int = 0
    """Place in the order in which the object's files are sent, where it is another than that of the parts."""
    state: FileState = FileState.PREPARED
    request_id: str = ""
    sent_at: str = ""
    staged_at: str = ""
    code: str = ""
    answer: str = ""
    """Revenue's last answer, verbatim."""

    @property
    def sort(self) -> str:
        return f"{int(self.object):03}#{self.part:06}"


class UploadedFiles:
    """The file records of one run."""

    def __init__(self, table: Table, clock: Clock, run_id: str) -> None:
        self.table = table
        self.clock = clock
        self.pk = f"files#{run_id}"

    def prepare(self, file: UploadedFile) -> None:
        """Write down a file that may be sent; one that is known already is left alone."""
        expires = int((self.clock.now() + RETENTION).timestamp())
        item = {**asdict(file), "state": str(file.state), "pk": self.pk, "sk": file.sort, "expires": expires}
        client = self.table.meta.client
        try:
            self.table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
        except client.exceptions.ConditionalCheckFailedException:
            return

    def all(self, of_object: str = "") -> list[UploadedFile]:
        """The files of the run, or of one object, in the order in which they are sent."""
        found: list[UploadedFile] = []
        start: dict[str, Any] = {}
        for _ in range(MAX_QUERY_PAGES):
            answer = self.table.query(
                KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": self.pk}, ConsistentRead=True, **start
            )
            found += [_from_item(item) for item in answer["Items"]]
            if not answer.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return sorted((f for f in found if not of_object or f.object == of_object), key=lambda f: (int(f.object), f.turn, f.part))

    def move(self, file: UploadedFile, allowed: Sequence[FileState], to: FileState, **facts: Any) -> UploadedFile:
        """Bring a file from one of the allowed states to another. Raises `StepFailed` when it is in none of them: somebody else has it."""
        if "answer" in facts:
            facts["answer"] = str(facts["answer"])[:MAX_ANSWER]
        changes = {**facts, "state": str(to), "changed": stamp(self.clock.now())}
        names = {f"#{name}": name for name in changes}
        values = {f":{name}": value for name, value in changes.items()}
        sources = {f":from{number}": str(state) for number, state in enumerate(allowed)}
        client = self.table.meta.client
        try:
            self.table.update_item(
                Key={"pk": self.pk, "sk": file.sort},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                ConditionExpression=" OR ".join(f"#state = {source}" for source in sources),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**values, **sources},
            )
        except client.exceptions.ConditionalCheckFailedException as lost:
            raise StepFailed(
                f"The file {file.name} is no longer {' or '.join(allowed)}.",
                code="INTERNAL",
                advice="Another worker handles this file; look at the run's other tasks.",
            ) from lost
        return replace(file, state=to, **facts)


def _from_item(item: dict[str, Any]) -> UploadedFile:
    given = {f.name: item[f.name] for f in fields(UploadedFile) if f.name in item}
    for name in ("part", "parts", "first_row", "rows", "bytes", "turn"):
        given[name] = int(given.get(name, 0))
    return UploadedFile(**{**given, "state": FileState(given["state"])})
