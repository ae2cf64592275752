"""Credit and debit memos (spec section 12.4)."""

from __future__ import annotations

from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_payments import balance, code

MEMO = rid("4")
DEBIT = rid("6")


def test_bulk_update_answers_each_memo_by_itself(settled: Tenant) -> None:
    body = {"memos": [{"id": rid("4", 99)}, {"id": MEMO, "transferredToAccounting": "Yes", "IntegrationStatus__NS": "Sync Complete"}]}
    answer = settled.put("/v1/credit-memos/bulk", body)
    assert answer["success"] is True
    failed, saved = answer["memos"]
    assert (failed["success"], failed["id"], failed["objectIndex"]) == (False, rid("4", 99), 0)
    assert failed["reasons"] == [{"code": 50000040, "message": "Cannot find a CreditMemo instance with id."}]
    assert len(failed["processId"]) == 16
    assert (saved["success"], saved["number"], saved["transferredToAccounting"]) == (True, "CM00000001", "Yes")
    assert settled.get(f"/v1/credit-memos/{MEMO}")["IntegrationStatus__NS"] == "Sync Complete"


def test_bulk_takes_at_most_50(settled: Tenant) -> None:
    assert code(settled.put("/v1/debit-memos/bulk", {"memos": [{"id": DEBIT}] * 51})) == 30
    assert settled.put("/v1/debit-memos/bulk", {"memos": [{"id": DEBIT}] * 50})["success"] is True


def test_all_five_values_of_transferred_to_accounting(settled: Tenant) -> None:
    for value in ("Processing", "Yes", "Error", "Ignore", "No"):
        assert settled.put(f"/v1/debit-memos/{DEBIT}", {"transferredToAccounting": value})["transferredToAccounting"] == value
    assert code(settled.put(f"/v1/debit-memos/{DEBIT}", {"transferredToAccounting": "yes"})) == 20


def test_draft_memo_cannot_be_transferred(settled: Tenant) -> None:
    draft = {"Id": rid("4", 2), "AccountId": rid("a"), "MemoDate": "2026-01-20", "TotalAmount": 5.0}
    settled.load(CreditMemo=[draft])
    assert code(settled.put(f"/v1/credit-memos/{rid('4', 2)}", {"transferredToAccounting": "Yes"})) == 30
    assert settled.put(f"/v1/credit-memos/{rid('4', 2)}", {"IntegrationStatus__NS": "x"})["IntegrationStatus__NS"] == "x"
    assert settled.put(f"/v1/credit-memos/{rid('4', 2)}/post", {})["status"] == "Posted"
    assert settled.put(f"/v1/credit-memos/{rid('4', 2)}", {"transferredToAccounting": "Yes"})["success"]


def test_lists_have_the_old_and_the_new_spelling(settled: Tenant) -> None:
    assert len(settled.get("/v1/credit-memos", pageSize=1)["creditMemos"]) == 1
    assert len(settled.get("/v1/creditmemos", pageSize=1)["creditmemos"]) == 1
    assert len(settled.get("/v1/debitmemos")["debitmemos"]) == 1
    assert settled.get(f"/v1/debitmemos/{DEBIT}")["amount"] == 30


def test_items_and_parts(settled: Tenant) -> None:
    items = settled.get(f"/v1/credit-memos/{MEMO}/items")["items"]
    assert [(i["skuName"], i["amount"], i["taxationItems"]["data"]) for i in items] == [("Refund of seats", 40, [])]
    assert [p["amount"] for p in settled.get(f"/v1/credit-memos/{MEMO}/parts")["parts"]] == [40]
    assert code(settled.get("/v1/credit-memos/nothing/parts")) == 40


def test_apply_and_unapply_a_credit_memo(settled: Tenant) -> None:
    lines = {"invoices": [{"invoiceId": rid("1", 1), "amount": 25}], "debitMemos": [{"debitMemoId": DEBIT, "amount": 15}]}
    after = settled.put(f"/v1/credit-memos/{MEMO}/apply", lines)
    assert (after["appliedAmount"], after["unappliedAmount"]) == (40, 0)
    assert balance(settled, 1) == 75
    assert settled.get(f"/v1/debit-memos/{DEBIT}")["balance"] == 15
    found = {p.get("invoiceId") or p.get("debitMemoId"): p["amount"] for p in settled.get(f"/v1/credit-memos/{MEMO}/parts")["parts"]}
    assert found == {rid("1", 1): 25, DEBIT: 15}
    assert code(settled.put(f"/v1/credit-memos/{MEMO}/apply", lines)) == 30
    assert settled.put(f"/v1/credit-memos/{MEMO}/unapply", lines)["unappliedAmount"] == 40
    assert balance(settled, 1) == 100


def test_a_memo_with_applied_money_cannot_be_unposted(settled: Tenant) -> None:
    settled.put(f"/v1/credit-memos/{MEMO}/apply", {"invoices": [{"invoiceId": rid("1", 1), "amount": 25}]})
    assert code(settled.put(f"/v1/credit-memos/{MEMO}/unpost", {})) == 30
    assert settled.put(f"/v1/debit-memos/{DEBIT}/unpost", {})["status"] == "Draft"
    assert settled.put(f"/v1/debit-memos/{DEBIT}/cancel", {})["status"] == "Canceled"


def test_mode_a_refuses_memos(unsettled: Tenant) -> None:
    for path in ("/v1/credit-memos?pageSize=1", f"/v1/debit-memos/{DEBIT}", f"/v1/credit-memos/{MEMO}/parts"):
        assert code(unsettled.get(path)) == 10
    assert code(unsettled.put("/v1/credit-memos/bulk", {"memos": [{"id": MEMO}]})) == 10
