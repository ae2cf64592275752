"""A mail that Amazon SES was too busy for, or did not answer to: tried again by the state machine, later than a limit of mails a second
lasts, told where it fails for good, and never sent twice to anybody."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tallybridge.errors import MailNotSent, TallybridgeError
from tallybridge.reporting.delivery import LATER, TRIES
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import ready

ONE, TWO = "one@example.com", "two@example.com"
THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "Maximum sending rate exceeded."}}, "SendRawEmail")
REFUSED = ClientError({"Error": {"Code": "MessageRejected", "Message": "Email address is not verified."}}, "SendRawEmail")


class Busy:
    """SES, which throttles so many calls, and refuses some addresses; a mail to several is refused with one of them."""

    def __init__(self, calls: int, refuses: str = "") -> None:
        self.calls, self.refuses = calls, refuses
        self.sent: list[str] = []

    def send_raw_email(self, *, Destinations: list[str], **_: Any) -> None:
        if self.refuses in Destinations:
            raise REFUSED
        self.calls -= 1
        if self.calls >= 0:
            raise THROTTLED
        self.sent += Destinations


def archived(world: MemoryWorld, mailer: Any, *recipients: str) -> str:
    ready(world, notify_recipients=list(recipients), notify_on_success="Yes")
    world.memory.mailer = mailer
    run_id = str(world.open(steps=["customers"])["runId"])
    world.step(run_id, "customers")
    archive_log({"runId": run_id, "error": None}, world.wiring())
    return run_id


def mailed(world: MemoryWorld, run_id: str) -> int:
    """The state machine's tries; answers how many there were."""
    for number in range(1, LATER + 2):
        try:
            notify({"runId": run_id, "error": None, "again": True}, world.wiring())
            return number
        except MailNotSent:
            world.clock.advance(minutes=2)
    raise AssertionError("the function does not know when to give up")


@pytest.mark.parametrize("tries", [1, 2, LATER])
def test_it_comes_when_the_service_is_ready_again(fast: MemoryWorld, tries: int) -> None:
    mailer = Busy(tries * TRIES)
    run_id = archived(fast, mailer, ONE, TWO)
    assert mailed(fast, run_id) == tries + 1 and mailer.sent == [ONE, TWO]
    output = close_run({"runId": run_id, "error": None}, fast.wiring())
    assert output["mailed"] and "undelivered" not in fast.wiring().runs().read(run_id)
    assert "MAIL-FAILED" not in fast.object(f"runs/{run_id}/summary.json").decode()


def test_the_lock_is_free_while_a_mail_waits(fast: MemoryWorld) -> None:
    run_id = archived(fast, Busy(TRIES), ONE)
    with pytest.raises(MailNotSent, match="Throttling"):
        notify({"runId": run_id, "again": True}, fast.wiring())
    assert fast.wiring().runs().lock_holder() is None
    assert fast.open()["opened"]
    assert mailed(fast, run_id) == 1
    close_run({"runId": run_id, "error": None}, fast.wiring())
    holder = fast.wiring().runs().lock_holder()
    assert holder is not None and holder["run_id"] != run_id


def test_one_that_is_never_taken_is_told_in_the_run(fast: MemoryWorld) -> None:
    run_id = archived(fast, Busy(1_000), ONE, TWO)
    assert mailed(fast, run_id) == LATER + 1
    output = close_run({"runId": run_id, "error": None}, fast.wiring())
    assert not output["mailed"] and output["outcome"] == "completed with warnings"
    assert [row["recipient"] for row in fast.wiring().runs().read(run_id)["undelivered"]] == [ONE, TWO]
    log = [json.loads(line) for line in gzip.decompress(fast.object(f"runs/{run_id}/log.jsonl.gz")).splitlines()]
    assert [line["source_number"] for line in log if line.get("code") == "MAIL-FAILED"] == [ONE, TWO]


def test_one_that_was_given_up_by_the_state_machine_is_told_too(fast: MemoryWorld) -> None:
    run_id = archived(fast, Busy(1_000), ONE)
    with pytest.raises(MailNotSent):
        notify({"runId": run_id, "again": True}, fast.wiring())
    output = close_run({"runId": run_id, "error": {"Error": "States.Timeout", "Cause": ""}}, fast.wiring())
    assert not output["mailed"] and fast.wiring().runs().read(run_id)["undelivered"][0]["recipient"] == ONE


def test_who_has_got_it_does_not_get_it_again(fast: MemoryWorld) -> None:
    """Of three one is refused for good; the second gets it alone, and then the service is busy for the third."""

    class Halfway(Busy):
        def send_raw_email(self, *, Destinations: list[str], **rest: Any) -> None:
            if Destinations == [TWO] and self.calls > 0:
                self.sent += Destinations
                return
            super().send_raw_email(Destinations=Destinations, **rest)

    mailer = Halfway(TRIES, refuses="bad@example.com")
    run_id = archived(fast, mailer, "bad@example.com", TWO, ONE)
    assert mailed(fast, run_id) == 2
    assert mailer.sent == [TWO, ONE]
    assert [row["recipient"] for row in close(fast, run_id)] == ["bad@example.com"]


def close(world: MemoryWorld, run_id: str) -> list[dict[str, str]]:
    close_run({"runId": run_id, "error": None}, world.wiring())
    return list(world.wiring().runs().read(run_id)["undelivered"])


def test_what_will_not_change_is_not_tried_again(fast: MemoryWorld) -> None:
    run_id = archived(fast, Busy(0, refuses=ONE), ONE)
    assert mailed(fast, run_id) == 1
    assert [row["recipient"] for row in close(fast, run_id)] == [ONE]


def test_a_function_that_is_called_once_more_sends_no_second_mail(fast: MemoryWorld) -> None:
    mailer = Busy(0)
    run_id = archived(fast, mailer, ONE)
    answers = [notify({"runId": run_id, "again": True}, fast.wiring()) for _ in range(2)]
    assert answers == [{"sent": True, "recipients": 1}] * 2 and mailer.sent == [ONE]


def test_the_error_has_a_stable_code() -> None:
    assert issubclass(MailNotSent, TallybridgeError) and MailNotSent.code == "MAIL-FAILED"
