"""zuora-aqua-client-cli (PyPI, the command `zacc`): queries through AQuA from a shell."""

from __future__ import annotations

import csv

from sandbox.zuora import ZuoraStandIn
from tests.clients.program import Program
from tests.standins.zuora.tenant import rid


def zacc(zuora: Program[ZuoraStandIn], *arguments: str, secret: str = "") -> tuple[int, str]:
    """Exit code and what the command said."""
    options = zuora.stand_in.options
    settings = f"[test]\nclient_id = {options.client_id}\nclient_secret = {secret or options.client_secret}\n"
    done = zuora.run("zacc", "-c", zuora.file("zacc.ini", settings), "-e", "test", *arguments)
    return done.returncode, done.stdout + done.stderr


def rows(zuora: Program[ZuoraStandIn], query: str) -> list[dict[str, str]]:
    code, said = zacc(zuora, "query", query, "-o", str(zuora.folder / "out.csv"))
    assert code == 0, said
    return list(csv.DictReader((zuora.folder / "out.csv").read_text(encoding="utf-8").splitlines()))


def test_a_query_is_written_to_a_file(zuora: Program[ZuoraStandIn]) -> None:
    found = rows(zuora, "select Id, Name, Currency from Account where Currency = 'EUR'")
    assert [list(row.values()) for row in found] == [[rid("a", 2), "Beta Inc", "EUR"]]


def test_joined_objects(zuora: Program[ZuoraStandIn]) -> None:
    found = rows(zuora, "select Invoice.InvoiceNumber, Account.Name from Invoice")
    assert sorted(tuple(row.values()) for row in found) == [("INV00000001", "Acme Ltd"), ("INV00000002", "Acme Ltd")]


def test_several_queries_of_a_file_are_one_job(zuora: Program[ZuoraStandIn]) -> None:
    name = zuora.file("two.zql", "select Id from Account\n\nselect Id from Contact")
    code, said = zacc(zuora, "query", name)
    assert code == 0
    assert all(known in said for known in (rid("a"), rid("a", 2), rid("c"), rid("c", 2)))


def test_the_fields_of_an_object_are_listed(zuora: Program[ZuoraStandIn]) -> None:
    code, said = zacc(zuora, "describe", "Invoice")
    assert code == 0
    assert "InvoiceNumber - " in said and "Account<Account>" in said


def test_a_token_is_printed(zuora: Program[ZuoraStandIn]) -> None:
    code, said = zacc(zuora, "bearer")
    assert code == 0 and said.startswith("Bearer ")


def test_a_wrong_query_and_a_wrong_secret_are_told(zuora: Program[ZuoraStandIn]) -> None:
    assert zacc(zuora, "query", "select Nothing from")[0] != 0
    code, said = zacc(zuora, "bearer", secret="wrong")
    assert code != 0 and "Authentication error" in said
