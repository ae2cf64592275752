"""A function that mails, killed at each of its effects: the mail comes once or twice and is never lost, and the next runs know of it."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.tasks.notify import notify
from tallybridge.wiring import Wiring
from tests.faults.killing import KillableWiring, Killer, KillingObserver, WorkerKilled
from tests.sync import world as runs
from tests.sync.memory import MemoryWorld
from tests.sync.test_incidents import release, run, troubled
from tests.sync.world import World

MOST = 30
"""Effects of a mail, at most."""


@pytest.fixture
def killable(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world, KillableWiring)


def killed_at(world: MemoryWorld, number: int, moment: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in which a payment is held, and its mail: the worker is killed at one effect and started anew. Answers where it died, "" if it
    did not."""
    killer = Killer(number, moment)

    def mortal(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
        KillingObserver.killer = killer
        try:
            return notify(event, wiring)
        except WorkerKilled:
            killer.revive()
            return notify(event, world.wiring())
        finally:
            KillingObserver.killer = Killer()

    with monkeypatch.context() as patched:
        patched.setattr(runs, "notify", mortal)
        assert run(world) == "completed with warnings"
    return killer.where


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_mail_killed_at_any_effect_is_not_lost_and_not_repeated_by_later_runs(
    killable: MemoryWorld, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[str] = []
    for number in range(1, MOST):
        mailer = troubled(killable)
        where = killed_at(killable, number, moment, monkeypatch)
        taken = len(mailer.sent)
        assert 1 <= taken <= 2, where
        assert run(killable) == "completed with warnings" and len(mailer.sent) == taken, f"repeated, killed {where}"
        release(killable, "P2")
        assert run(killable) == "completed" and len(mailer.sent) == taken + 1, f"the end was not mailed, killed {where}"
        if not where:
            break
        died.append(where)
    assert f"{moment} send_raw_email" in died and f"{moment} put_item" in died
