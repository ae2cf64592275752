"""`/v1/invoices` (spec sections 12.3, 12.6 and 12.12)."""

from __future__ import annotations

from tests.standins.zuora.tenant import Tenant, invoice, rid, running
from tests.standins.zuora.test_payments import code

ONE, TWO = rid("1", 1), rid("1", 2)


def test_bulk_update_writes_invoices_and_items(settled: Tenant) -> None:
    body = {
        "invoices": [
            {
                "id": ONE,
                "transferredToAccounting": "Yes",
                "IntegrationId__NS": "48211",
                "invoiceItems": [{"id": rid("2", 1), "IntegrationId__NS": "7"}],
            },
            {"id": TWO, "transferredToAccounting": "Processing"},
        ]
    }
    assert settled.put("/v1/invoices", body) == {"success": True}
    assert settled.get(f"/v1/invoices/{ONE}")["IntegrationId__NS"] == "48211"
    assert settled.get("/v1/invoices/INV00000002")["transferredToAccounting"] == "Processing"
    assert settled.get(f"/v1/invoices/{ONE}/items")["invoiceItems"][0]["IntegrationId__NS"] == "7"


def test_one_bad_invoice_fails_the_whole_batch(settled: Tenant) -> None:
    body = {"invoices": [{"id": ONE, "IntegrationStatus__NS": "x"}, {"id": rid("1", 99)}]}
    assert code(settled.put("/v1/invoices", body)) == 40
    assert "IntegrationStatus__NS" not in settled.get(f"/v1/invoices/{ONE}")


def test_a_tenant_may_save_the_good_invoices_of_a_failing_batch() -> None:
    with running(invoice_bulk_partial=True) as tenant:
        tenant.load(Account=[{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}], Invoice=[invoice(1)])
        assert code(tenant.put("/v1/invoices", {"invoices": [{"id": rid("1", 99)}, {"id": ONE, "IntegrationStatus__NS": "x"}]})) == 40
        assert tenant.get(f"/v1/invoices/{ONE}")["IntegrationStatus__NS"] == "x"


def test_at_most_50_invoices(settled: Tenant) -> None:
    assert code(settled.put("/v1/invoices", {"invoices": [{"id": ONE}] * 51})) == 30


def test_no_is_not_accepted_and_drafts_take_none(settled: Tenant) -> None:
    settled.load(Invoice=[invoice(3, Status="Draft")])
    assert code(settled.put(f"/v1/invoices/{ONE}", {"transferredToAccounting": "No"})) == 20
    assert code(settled.put(f"/v1/invoices/{rid('1', 3)}", {"transferredToAccounting": "Yes"})) == 30
    for value in ("Processing", "Yes", "Error", "Ignore"):
        assert settled.put(f"/v1/invoices/{ONE}", {"transferredToAccounting": value})["transferredToAccounting"] == value


def test_the_put_answer_has_names_of_its_own(settled: Tenant) -> None:
    settled.clock.move(5)
    after = settled.put(f"/v1/invoices/{ONE}", {"comments": "hello", "SyncDate__NS": "2026-01-31T16:15:05Z"})
    assert (after["number"], after["comment"], after["updatedDate"]) == ("INV00000001", "hello", "2026-01-31 16:15:05")
    read = settled.get(f"/v1/invoices/{ONE}")
    assert (read["invoiceNumber"], read["comments"], read["currency"]) == ("INV00000001", "hello", "USD")


def test_dates_and_items_of_a_posted_invoice_stay(settled: Tenant) -> None:
    assert code(settled.put(f"/v1/invoices/{ONE}", {"dueDate": "2026-03-01"})) == 30
    assert code(settled.put(f"/v1/invoices/{ONE}", {"invoiceItems": [{"id": rid("2", 1), "chargeName": "x"}]})) == 30
    assert code(settled.put(f"/v1/invoices/{ONE}", {"invoiceItems": [{"id": rid("2", 2), "IntegrationId__NS": "x"}]})) == 40
    assert code(settled.put(f"/v1/invoices/{ONE}", {"total": 3})) == 21


def test_items_show_amounts_as_texts_and_nest_taxes(settled: Tenant) -> None:
    item = settled.get(f"/v1/invoices/{ONE}/items")["invoiceItems"][0]
    assert (item["chargeAmount"], item["taxAmount"], item["processingType"]) == ("90.0", "10.0", "Charge")
    assert [(t["name"], t["taxAmount"]) for t in item["taxationItems"]["data"]] == [("State", 10)]


def test_works_in_mode_a_except_application_parts(unsettled: Tenant) -> None:
    assert unsettled.put("/v1/invoices", {"invoices": [{"id": ONE, "transferredToAccounting": "Yes"}]}) == {"success": True}
    assert code(unsettled.get(f"/v1/invoices/{ONE}/application-parts")) == 10
