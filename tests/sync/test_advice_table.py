"""Every code of docs/errors.md whose advice asks for something is followed by a test until the problem is gone, or excused."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.sync.test_advice_followed import ALONE, TOGETHER

PLANS = "tests/sync/test_plans_moved.py"
ROOT = Path(__file__).resolve().parents[2]
ADVICE, PARENTS, GONE, DRIFT = (f"tests/sync/test_{name}.py" for name in ("advice_followed", "advice_parents", "advice_gone", "drift"))
FOLLOWED: dict[str, str] = {
    **dict.fromkeys(ALONE, f"{ADVICE}::test_the_advice_of_a_code_ends_it"),
    **dict.fromkeys(TOGETHER, f"{ADVICE}::test_the_advice_ends_it_for_each_of_many_accounts"),
    **dict.fromkeys(("INV-V1", "PAY-V2", "CM-V1", "RFD-V2"), f"{PARENTS}::test_the_advice_ends_it"),
    "CONFIGURATION-SHRUNK": "tests/sync/test_settings_versions.py::test_an_instance_that_never_kept_versions_is_compared_with_its_last_run",
    "INV-V2": f"{PARENTS}::test_an_invoice_of_an_ignored_charge",
    "ACCT-V6": f"{PARENTS}::test_an_account_whose_parent_is_never_sent",
    **dict.fromkeys(("INV-GONE", "PAY-GONE", "CM-GONE"), f"{GONE}::test_a_parent_that_was_deleted_in_netsuite_is_named"),
    "RFD-GONE": f"{GONE}::test_a_payment_that_was_deleted_in_netsuite_before_its_refund",
    "INV-INACTIVE": f"{GONE}::test_an_item_that_is_inactive_is_named",
    "INV-EXTERNAL-ID": f"{GONE}::test_an_external_id_that_something_else_bears_is_named_and_never_linked",
    **dict.fromkeys(
        ("DRIFT-UNDONE", "DRIFT-DELETED", "DRIFT-MISSING", "DRIFT-AMOUNT", "DRIFT-CURRENCY", "DRIFT-CUSTOMER", "DRIFT-APPLIED"),
        f"{DRIFT}::test_what_a_drift_advises_ends_it",
    ),
    **dict.fromkeys(
        ("INV-CURRENCY", "DM-CURRENCY", "CM-CURRENCY", "PAY-CURRENCY"),
        "tests/sync/test_document_currencies.py::test_a_document_in_a_currency_that_the_customer_lacks_is_held",
    ),
    "DRIFT-REGENERATED": f"{DRIFT}::test_an_invoice_that_was_generated_anew_under_its_number_is_told",
    "ACCT-TAKEN": "tests/sync/test_ownership.py::test_the_other_account_gets_its_own_customer_once_its_integration_id_is_cleared",
    **dict.fromkeys(
        ("NSPAY-VOIDED", "NSPAY-CHANGED", "NSPAY-UPDATES", "NSPAY-CUTOVER"),
        "tests/sync/test_netsuite_payments_followed.py::test_a_hold_ends_when_both_sides_agree_again",
    ),
    **dict.fromkeys(
        ("NSCM-CHANGED", "NSCM-VOIDED"), "tests/sync/test_netsuite_credit_memos_followed.py::test_a_hold_ends_when_both_sides_agree_again"
    ),
    **dict.fromkeys(
        ("RV-APPLIED", "RV-WAITS", "REVERSAL-NOT-APPROVED"),
        "tests/sync/test_reversal.py::test_a_payment_that_comes_between_holds_the_invoice_and_says_so",
    ),
    **dict.fromkeys(
        ("RV-CHANGED", "REVERSAL-MOVED", "REVERSAL-OLD", "REVERSAL-SEAL"),
        "tests/sync/test_reversal_plans.py::test_a_new_plan_ends_what_has_moved",
    ),
    "INV-LINK": "tests/sync/test_instructions.py::test_a_link_that_was_refused_is_made_once_the_other_record_is_right",
    "IGNORED": "tests/sync/test_instructions.py::test_an_ignored_record_is_sent_once_it_was_withdrawn",
    "PLAN-MOVED": f"{PLANS}::test_what_has_changed_in_the_source_is_not_written_and_a_new_plan_ends_it",
    "PLAN-SETTINGS": f"{PLANS}::test_other_settings_refuse_the_whole_plan",
    "PLAN-OLD": f"{PLANS}::test_an_old_plan_is_refused",
    "CREDENTIALS-EXPIRE": "tests/sandbox/test_expiry.py::test_the_console_shows_it_until_the_advice_was_followed",
    **dict.fromkeys(
        ("CERTIFICATE-OPEN", "CERTIFICATE-UNPROVED"),
        "tests/sandbox/test_certificate_change.py::test_the_new_one_is_in_force_and_the_old_one_ends_after_a_good_run",
    ),
    "CERTIFICATE-RIGHT": "tests/sandbox/test_certificate_change.py::test_where_the_role_may_not_it_is_done_by_hand",
    "CERTIFICATE-REFUSED": "tests/sandbox/test_certificate_change.py::test_lost_answers_are_looked_up",
    "NSRFD-CHANGED": "tests/sync/test_netsuite_refunds_followed.py::test_a_synced_refund_that_changes_is_told_until_it_agrees_again",
}
"""The test that follows the advice of a code."""
EXCUSED = {
    "read anew when a run opens: the tests of settings and credentials, show that a sound document is taken": (
        "SETTINGS CREDENTIALS ENVIRONMENT INPUT ADDRESS CONFIG CONNECTION-CHANGED MODE-CHANGED MODE-NOT-SWITCHED MODE-SWITCHED "
        "STEP-DISABLED STEP-NOT-RUN DEFAULT-MISSING TASK FIELD-MISSING FIELD-DROPPED CUSTOM-LIMIT "
        "DRIFT-UNKNOWN"
    ),
    "the command line says so of a name or a version that was given; another one is given, as the tests of the commands show": (
        "PERIOD-UNKNOWN SIGN-OFF-OPEN SIGN-OFF-CHANGED EXPORT-FILE EXPORT-KEY VERIFY-PRODUCTION VERIFY-VALUES "
        "RECORD-UNKNOWN RECORD-AMBIGUOUS INSTRUCTION INSTRUCTION-REPLACED NOT-DUE AUDIT-BUSY CREDENTIALS-NEW CERTIFICATE-NONE "
        "KEY-FILE RUN-SENDS CONNECTION-OTHER "
        "PLAN-UNKNOWN PLAN-NOT-WHOLE PLAN-APPLIED PLAN-NOT-DUE "
        "RUN-UNKNOWN RUN-NO-FILES CONFIGURATION-SAVED-MEANWHILE SCHEDULE SCHEDULE-UNKNOWN CONSOLE-PORT "
        "NETSUITE-UNSEEN TARGET AWS-LOGIN AWS-ACCESS AWS-UNREACHABLE USAGE INTERRUPTED IMPORT NOT-CONFIRMED"
    ),
    "the console says so of a request; tests/console sends it again as the advice has it, or shows why it is refused": (
        "CONSOLE-SESSION CONSOLE-FORM CONSOLE-ORIGIN CONSOLE-HOST CONSOLE-ROLE CONSOLE-NO-ROLE CONSOLE-SIGN-IN CONSOLE-INPUT "
        "CONSOLE-UNKNOWN CONSOLE-TOO-LARGE CONSOLE-SECRET CONSOLE-FAULT PROBLEM-GONE CODE-UNKNOWN"
    ),
    "a reversal or its run was named that cannot be; another one is named, as the tests of reversals show": (
        "REVERSAL-RUN REVERSAL-LARGE REVERSAL-UNKNOWN REVERSAL-ACCOUNT REVERSAL-SAME-PERSON REVERSAL-APPROVED REVERSAL-NOTHING"
    ),
    "a document that a reversal leaves as it is: a person decides what becomes of it, in NetSuite or in Zuora": (
        "RV-POSTING RV-PERIOD RV-PARTS RV-TOTAL RV-MASTER RV-UPDATED RV-LINKED RV-FOUND RV-UNFINISHED RV-ZUORA"
    ),
    "an administrator of the vendor or of AWS follows it; there is nothing in the stand-ins to change": (
        "MAIL-FAILED NS-INSUFFICIENT_PERMISSION NS-INVALID_LOGIN NS-CONCURRENCY_LIMIT_EXCEEDED NS-INSUFCNT_NUM_PRDS_FOR_REV_REC "
        "NS-ID NS-ROWS NS-INVALID_CONTENT NS-USER_ERROR ZUORA-LOCK_COMPETITION ZUORA-REQUEST_EXCEEDED_LIMIT SERVICE "
        "DRIFT-DELETIONS JOB-LATE JOBS-NOT-TAKEN"
    ),
    "the run or its function ended; the advice is to read why, and a new run settles the rest, as the fault sets show": (
        "RUN-FAILED RUN-CANCELLED RUN-ENDED RUN-STALE-LOCK "
        "STEP-FAILED STEP-SKIPPED BATCH-FAILED DESTINATION-DOWN OUT-OF-TIME NO-TIME NOT-SENT LEDGER STATUS "
        "SHORT-PAGE TALLY INTERNAL TOTAL-RECORD"
    ),
    "a rule that leaves records out: test_left_out.py shows each with and without what it asks for": (
        "LEFT-IGNORED LEFT-CUTOVER LEFT-ACCOUNT LEFT-ACCOUNT-OPEN LEFT-OFF LEFT-INACTIVE LEFT-EFFECTIVE LEFT-CUSTOMER "
        "LEFT-CREDITS LEFT-UNAPPLIED LEFT-UPDATES LEFT-PLANS LEFT-LIMIT LEFT-STAGE LEFT-CHARGES"
    ),
    "a name that must exist in NetSuite, looked up as that of INV-V5, INV-V6 and ITEM-I4 is": (
        "ACCT-V2 ITEM-I5 ITEM-I6 ITEM-I7 ITEM-I8 CHG-G2 CHG-G3 CM-V3 CM-V5 DM-V5 DM-V6 DM-V7 RFD-V3 RFD-V4 RFD-V5 IIA-V2 IIA-V3 "
        "IIA-V4 PLAN-R3"
    ),
    "the same rule and the same words as INV-V1, INV-V2, PAY-V2 or RFD-V2": (
        "DM-V1 DM-V2 CM-V2 CM-ACCOUNT PAY-V6 RFD-V6 RFD-ACCOUNT IIA-V1 IIA-V5 IIA-V7 PLAN-R1 NSPAY-V1 NSCM-V3 NSNEG-V4"
    ),
    "the same rule and the same words as the code of invoices": (
        "DM-ROUNDING CM-ROUNDING DM-V8 CM-V7 IIA-V8 CM-V6 DM-PERIOD CM-PERIOD IIA-PERIOD CM-AMBIGUOUS DM-AMBIGUOUS "
        "PAY-AMBIGUOUS RFD-AMBIGUOUS IIA-AMBIGUOUS ACCT-AMBIGUOUS PROD-AMBIGUOUS PLAN-AMBIGUOUS CHG-AMBIGUOUS NSPAY-AMBIGUOUS "
        "NSRFD-AMBIGUOUS NSCM-AMBIGUOUS NSNEG-AMBIGUOUS NSCUS-AMBIGUOUS SO-AMBIGUOUS DM-GONE IIA-GONE ACCT-GONE PROD-GONE "
        "PLAN-GONE CHG-GONE DM-EXTERNAL-ID CM-EXTERNAL-ID PAY-EXTERNAL-ID RFD-EXTERNAL-ID IIA-EXTERNAL-ID ACCT-EXTERNAL-ID "
        "PROD-EXTERNAL-ID PLAN-EXTERNAL-ID CHG-EXTERNAL-ID INV-TAKEN DM-TAKEN CM-TAKEN PAY-TAKEN RFD-TAKEN IIA-TAKEN PROD-TAKEN "
        "PLAN-TAKEN CHG-TAKEN NSCUS-TAKEN DM-LINK CM-LINK PAY-LINK RFD-LINK IIA-LINK NSPAY-LINK NSRFD-LINK NSCM-LINK SO-LINK "
        "ACCT-LINK NSCUS-LINK PROD-LINK PLAN-LINK CHG-LINK"
    ),
    "the tax or revenue data of a posted document are those of its time: the advice concerns how Zuora is set up, and the next document": (
        "INV-V3 INV-V4 INV-V8 INV-V11 DM-V3 DM-V4 IIA-V6 INV-REVENUE INV-REVENUE-PERIOD DM-REVENUE DM-REVENUE-PERIOD"
    ),
    "the two systems hold different money: a person decides which side is right, and the next run compares again": (
        "INV-TOTAL DM-TOTAL CM-TOTAL PAY-TOTAL RFD-TOTAL IIA-TOTAL NSPAY-TOTAL NSRFD-TOTAL NSCM-TOTAL CM-V8 CM-V9 PAY-AMOUNT "
        "PAY-V8 PAY-READ RFD-OPEN IIA-OPEN IIA-UNAPPLIED PAY-OPEN"
    ),
    "an amount or a currency that NetSuite cannot keep: a person corrects it at its source, or enters it by hand and sets it to Ignore": (
        "BASE-CURRENCY INV-PRECISION CM-PRECISION DM-PRECISION IIA-PRECISION PAY-PRECISION RFD-PRECISION NSCM-CURRENCY "
        "NSNEG-CURRENCY RFD-CURRENCY IIA-CURRENCY NSPAY-CURRENCY NSRFD-CURRENCY"
    ),
    "the record is in NetSuite, and the advice is to leave it there or to delete it first, as the status tests do": (
        "INV-PRESENT DM-PRESENT PAY-PRESENT RFD-PRESENT IIA-PRESENT"
    ),
    "the same rule and the same words as INV-INACTIVE": (
        "DM-INACTIVE CM-INACTIVE PAY-INACTIVE RFD-INACTIVE IIA-INACTIVE ACCT-INACTIVE PROD-INACTIVE PLAN-INACTIVE CHG-INACTIVE"
    ),
    "a value on the record itself, taken when it is sound, as the validation tests of its step show": (
        "ACCT-V7 ACCT-V8 ACCT-A1 ACCT-A2 ITEM-I2 ITEM-I9 CHG-G4 CHG-G5 PLAN-R2 PLAN-R4 PAY-A6 PAY-A7 RFD-V7 NSCUS-METHOD "
        "NSCUS-W1 NSCUS-W2 NSCUS-W3 NSCUS-W4 NSCUS-W5 NSCUS-W6 NSCUS-W7 NSCUS-W8 NSCUS-W9 NSCUS-W10 NSCUS-W11 NSCUS-W12 "
        "SO-ACCOUNT SO-CANCELLED SO-CLOSED SO-CUSTOMER SO-LINES-CLOSED SO-PENDING SO-V1 SO-V2 SO-V3 SO-V4 SO-V5 SO-V6 SO-V7 "
        "SO-V8 NSPAY-V2 NSPAY-V3 NSPAY-V4 NSPAY-ACCOUNT NSRFD-V1 NSRFD-V2 NSRFD-V3 NSRFD-V4 NSRFD-V5 NSRFD-V6 NSRFD-V7 "
        "NSRFD-ACCOUNT NSCM-V1 NSCM-V2 NSCM-FIELDS NSCM-ITEMS NSNEG-V1 NSNEG-V2 NSNEG-V3 NSNEG-ITEMS"
    ),
    "the advice is to enter something by hand in the other system and to set the record to Ignore, which ends every hold": (
        "NSPAY-ADJUSTMENT NSPAY-CREDIT NSPAY-DEPOSIT NSPAY-DEPOSITED NSPAY-DISCOUNT NSPAY-DIFFERS NSPAY-DRAFT NSPAY-LEFT "
        "NSPAY-REFUNDED NSPAY-UNCLEAR NSPAY-UNLINKED NSPAY-UNSENT NSPAY-CANCELED NSPAY-MISSING NSRFD-CANCELED NSRFD-LEFT "
        "NSRFD-MISSING NSRFD-UNLINKED NSRFD-VOID NSRFD-VOIDED NSCM-CANCELED NSCM-LEFT NSCM-MISSING NSCM-UNLINKED NSNEG-CANCELED "
        "NSNEG-CHANGED NSNEG-LEFT NSNEG-MISSING NSNEG-UNLINKED NSNEG-VOIDED"
    ),
    "a remark about a text that was cut, a number or a country: nothing is held, and the next change of the record brings it": (
        "ACCT-A3 ACCT-CUT CM-CUT DM-CUT IIA-CUT INV-CUT ITEM-CUT NSCM-CUT NSCUS-CUT NSPAY-CUT NSRFD-CUT PAY-CUT RFD-CUT SO-CUT "
        "NSCUS-COUNTRY NUMBER-IGNORED"
    ),
}
"""Codes whose advice no test follows, by the reason; those of the revenue connector have an underscore and tests of their own."""


def advised() -> set[str]:
    """The codes of the error page whose last column asks for something, without those of the revenue connector."""
    found = set()
    for line in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| `") and not cells[-1].lower().startswith("nothing"):
            found |= {c for c in re.findall(r"`([A-Z][A-Z0-9_-]+)`", cells[0]) if not _of_revenue(c)}
    return found


def _of_revenue(code: str) -> bool:
    return ("_" in code and not code.startswith(("NS-", "ZUORA-"))) or code.startswith(("RPRO-", "REVENUE-"))


def test_every_advice_is_followed_or_excused() -> None:
    excused = {code for codes in EXCUSED.values() for code in codes.split()}
    assert sorted(advised() - FOLLOWED.keys() - excused) == [], "neither followed nor excused"
    assert sorted(excused & FOLLOWED.keys()) == [], "followed, so that no excuse is needed"
    assert sorted((excused | FOLLOWED.keys()) - advised()) == [], "no such code, or nothing to follow"


@pytest.mark.parametrize("test", sorted(set(FOLLOWED.values())))
def test_what_follows_an_advice_exists(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
