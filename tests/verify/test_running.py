"""The frame: what probes make goes away again, whatever happens to them, and what they see is told without names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tallybridge.errors import LoginRefused
from tallybridge_cli.verify.journal import FILE, Journal, unfinished
from tallybridge_cli.verify.netsuite.books import customer, customer_body, invoice, made, payment_body, tried
from tallybridge_cli.verify.probe import NotTestable, Probe, System, Verdict, sentence
from tallybridge_cli.verify.running import findings
from tallybridge_cli.verify.world import World
from tests.verify.account import Account
from tests.verify.bent import Bent, bending

EMPTY = {"entity": 0, "item": 0, "transaction": 0}


def probe(look: Any, **given: Any) -> Probe:
    made_up = Probe("netsuite.made-up", System.NETSUITE, "?", look, True, sentence("It is {}."), sentence("Then {}."), writes=True)
    return replace(made_up, **given)


def paid_invoice(world: World) -> str:
    """An invoice with a payment on it: nothing of it can be deleted but in the right order."""
    id = invoice(world, "paid")
    return made(world, "customerPayment", "payment", payment_body(world, 10, (id, 10)))


def test_what_a_probe_has_made_goes_in_reverse_even_when_it_fails(account: Account, tmp_path: Path) -> None:
    def fails(world: World) -> bool:
        paid_invoice(world)
        raise KeyError("payment")

    (found,) = findings(account.world(tmp_path), [probe(fails)])
    assert found.verdict is Verdict.NOT_TESTABLE
    assert "another form than the published one" in found.saw
    assert account.held() == EMPTY


def test_ctrl_c_takes_everything_away_before_it_ends(account: Account, tmp_path: Path) -> None:
    def interrupted(world: World) -> bool:
        paid_invoice(world)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(findings(account.world(tmp_path), [probe(interrupted)]))
    assert account.held() == EMPTY
    assert tmp_path not in unfinished(tmp_path.parent)


def test_who_takes_no_more_findings_leaves_nothing(account: Account, tmp_path: Path) -> None:
    with closing(findings(account.world(tmp_path), [probe(lambda world: bool(customer(world)))] * 2)) as found:
        next(found)
        assert account.held()["entity"] == 1
    assert account.held() == EMPTY


def test_a_killed_run_is_ended_by_its_journal(account: Account, tmp_path: Path) -> None:
    paid_invoice(account.world(tmp_path / "260504-150000"))
    with (tmp_path / "260504-150000" / FILE).open("a") as journal:
        journal.write('{"done": "made", "num')  # killed while it was written
    (folder,) = unfinished(tmp_path)
    assert account.world(folder, folder.name).clean(shared=True) == []
    assert account.held() == EMPTY
    assert not unfinished(tmp_path)


def test_a_record_whose_create_was_not_answered_is_found_by_its_external_id(account: Account, tmp_path: Path) -> None:
    account.control.set_faults([{"method": "POST", "path": "/customer$", "drop": "after"}])
    world = account.world(tmp_path)
    with pytest.raises(NotTestable, match="was lost"):
        tried(world, "customer", "unanswered", customer_body(world, "unanswered"))
    assert account.held()["entity"] == 1
    assert world.clean(shared=True) == []
    assert account.held() == EMPTY


def test_records_of_a_lost_journal_are_found_by_their_names(account: Account, tmp_path: Path) -> None:
    paid_invoice(account.world(tmp_path / "lost"))
    (tmp_path / "lost" / FILE).unlink()
    world = account.world(tmp_path / "found")
    for kind, key, id in world.cleaners[System.NETSUITE].lost(world):
        world.journal.is_there(world.journal.intend("netsuite", kind, key), id)
    assert world.clean(shared=True) == []
    assert account.held() == EMPTY


NO = {"o:errorDetails": [{"detail": "This record cannot be deleted.", "o:errorCode": "USER_ERROR"}]}


def test_what_cannot_be_taken_away_is_told_and_stays_in_the_journal(server: Account, tmp_path: Path) -> None:
    account = server.opened(bending(Bent("DELETE", "/customer/", 400, NO), Bent("PATCH", "/customer/", 400, NO)))

    def makes(world: World) -> bool:
        return bool(made(world, "customer", "stays", customer_body(world, "stays")))

    (found,) = findings(account.world(tmp_path), [probe(makes)])
    assert found.verdict is Verdict.AS_ASSUMED
    assert len(found.left) == 1
    assert "cannot be deleted" in found.left[0]
    assert [each.key for each in Journal(tmp_path).made.values()] == ["TB-VERIFY-1-stays"]


def test_what_netsuite_keeps_for_good_is_made_inactive_and_told_once(server: Account, tmp_path: Path) -> None:
    account = server.opened(bending(Bent("DELETE", "/customer/", 400, NO)))
    world = account.world(tmp_path / "1")
    (found,) = findings(world, [probe(lambda world: bool(customer(world)))])
    assert found.left == ()
    assert ["it was made inactive" in why for why in world.kept.values()] == [True]
    assert not world.left
    assert not unfinished(tmp_path)
    assert [c.values["isInactive"] for c in account.stand_in.tenant.store.all("customer")] == [True]


@pytest.mark.parametrize("bent", [Bent("GET", "/eid:", 403, NO), Bent("GET", "/eid:", 200, {"name": "x"})])
def test_a_record_of_which_nothing_is_told_stays_in_the_journal(bent: Bent, server: Account, tmp_path: Path) -> None:
    account = server.opened(bending(bent))
    world = account.world(tmp_path / "1")
    world.journal.intend("netsuite", "customer", world.name("open"))
    assert len(world.clean(shared=True)) == 1
    assert unfinished(tmp_path)


def test_what_several_probes_need_is_made_once_and_asked_for_once_when_it_fails(server: Account, tmp_path: Path) -> None:
    account = server.opened(bending(Bent("POST", "/customer$", 400, {"o:errorDetails": [{"detail": "No.", "o:errorCode": "X"}]})))
    done = list(findings(account.world(tmp_path), [probe(lambda world: bool(customer(world)))] * 2))
    assert [each.verdict for each in done] == [Verdict.NOT_TESTABLE] * 2
    assert [sum(line.startswith("POST /services/rest/record/v1/customer") for line in each.evidence) for each in done] == [1, 0]


def test_a_refused_login_is_not_taken_for_a_difference(account: Account, tmp_path: Path) -> None:
    def refused(world: World) -> bool:
        raise LoginRefused("NetSuite refused the login.", service="NetSuite")

    (found,) = findings(account.world(tmp_path), [probe(refused)])
    assert (found.verdict, found.saw) == (Verdict.NOT_TESTABLE, "NetSuite refused the login.")
    assert "doctor" in found.means


def test_evidence_has_no_names_and_no_credentials(server: Account, tmp_path: Path) -> None:
    account = server.opened(auth="oauth2_m2m")
    account.stand_in.load({"customer": [{"companyName": "Rosebud Ltd", "email": "ann@rosebud.example", "subsidiary": {"id": 1}}]})

    def look(world: World) -> bool:
        row = world.netsuite.ask("GET", "/services/rest/record/v1/customer", params={"limit": "1"})["items"][0]
        return world.netsuite.ask("GET", f"/services/rest/record/v1/customer/{row['id']}").ok

    names = ("netsuite.login", "netsuite.certificates", "netsuite.external-id")
    done = [*findings(account.world(tmp_path), [probe(look)]), *account.found(tmp_path, *names)]
    text = json.dumps([each.to_json() for each in done])
    assert len(done[0].evidence) == 2
    for secret in ("Rosebud", "ann@", "Bearer", "eyJ", account.options.certificate_id, account.options.token_secret):
        assert secret not in text, secret
    assert "TB-VERIFY-1-twice-customer" in text


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.verify.account import Account
from tests.verify.test_running import paid_invoice

class Elsewhere(Account):
    def __init__(self, url):
        super().__init__()
        self.server.close()
        self.server.url = url

paid_invoice(Elsewhere(sys.argv[1]).world(Path(sys.argv[2]), "killed"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_what_its_journal_names(account: Account, tmp_path: Path) -> None:
    """As `--clean-up` ends it."""
    command = [sys.executable, "-c", KILLED, account.server.url, str(tmp_path / "killed")]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert account.held() == {"entity": 1, "item": 1, "transaction": 2}
    (folder,) = unfinished(tmp_path)
    assert account.world(folder, folder.name).clean(shared=True) == []
    assert account.held() == EMPTY


def test_a_number_alone_deletes_nothing(account: Account, tmp_path: Path) -> None:
    """The same number means another record where somebody has put it, or in another account."""
    account.stand_in.load({"customer": [{"id": 4711, "companyName": "Somebody", "externalId": "ZACC-1", "subsidiary": {"id": 1}}]})
    world = account.world(tmp_path)
    world.journal.is_there(world.journal.intend("netsuite", "customer", world.name("gone")), "4711")
    assert ["by hand" in why for why in world.clean(shared=True)] == [True]
    assert account.held()["entity"] == 1


def test_journals_of_other_tenants_are_left_alone(tmp_path: Path) -> None:
    for name, of in ("a", "1_SB1 one"), ("b", "2_SB1 two"):
        Journal(tmp_path / name, of).intend("netsuite", "customer", "TB-VERIFY-1-x")
    assert unfinished(tmp_path, "1_SB1 one") == [tmp_path / "a"]
    assert unfinished(tmp_path, "1_SB1 one", others=True) == [tmp_path / "b"]
    assert Journal(tmp_path / "b", "1_SB1 one").of == "2_SB1 two"
    assert unfinished(tmp_path) == []
