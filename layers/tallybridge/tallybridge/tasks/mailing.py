"""What the billing sync and the revenue connector share about their mails: whom to send to, from which sender, and what is kept of it.

What was mailed is written down after Amazon SES has taken the mail: a worker that dies in between leaves a second mail behind, and none is
ever lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tallybridge.reporting.delivery import Mailer, Undelivered, deliver
from tallybridge.reporting.incident import Due, kept
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runs import Runs
from tallybridge.wiring import Wiring, variable

DELIVERY = "delivery.json"
"""Who has been mailed by a run, how often it was tried, whether nothing is left to be tried, and what is to be kept of it."""


@dataclass
class Delivery:
    """How far the mail of a run has come. `told`: what is kept of it for the next runs, None where nothing is."""

    delivered: list[str] = field(default_factory=list)
    tries: int = 0
    done: bool = False
    message_id: str = ""
    told: str | None = None

    @classmethod
    def of(cls, folder: RunFolder) -> Delivery:
        return cls(**folder.read_json_or(DELIVERY, {}))

    def write(self, folder: RunFolder) -> None:
        folder.write_json(DELIVERY, vars(self))

    def keep(self, runs: Runs, name: str, run_id: str, started: str) -> None:
        """Have the next runs of the job or instance `name` know what was mailed. May be repeated."""
        if self.told is not None:
            runs.set_mailed(name, self.told, run_id, started)


@dataclass(frozen=True)
class Posted:
    """What became of a mail: who was not mailed, and why `sender` was refused, if another one took its place."""

    undelivered: list[Undelivered]
    refused: str = ""


def senders(own: str) -> Iterator[str]:
    """The settings' own sender, then that of the deployment."""
    yield from dict.fromkeys(filter(None, (own, variable("NOTIFICATION_SENDER"))))


def post(wiring: Wiring, mail: Due, known: Delivery, own_sender: str, build: Callable[[str], bytes]) -> Posted:
    """Mail to everybody who has not got it yet, from the first sender that is not refused; `build` makes the mail of a sender. What came of
    it is added to `known`, which the caller writes down."""
    mailer: Mailer = wiring.mailer()
    rest = [each for each in mail.recipients if each not in known.delivered]
    undelivered: list[Undelivered] = []
    refused: Sequence[Undelivered] = ()
    for sender in senders(own_sender) if rest else ():
        refused = undelivered
        sent = deliver(mailer, sender=sender, recipients=rest, message=build(sender), sleep=wiring.clock.sleep)
        undelivered, known.message_id = sent.undelivered, known.message_id or sent.message_id
        if len(undelivered) < len(rest):
            break
    missed = {each.recipient for each in undelivered}
    known.delivered += [each for each in rest if each not in missed]
    known.tries += 1
    if mail.counts and (known.delivered or not (mail.recipients or mail.after)):
        known.told = kept(mail.after, known.message_id)
    return Posted(undelivered, refused[0].reason if refused else "")
