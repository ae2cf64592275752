"""A page per code, with the words of the documentation, at an address that stays."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tallybridge.console.roles import Role
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.codes import all_codes, known_code, page_of
from tests.cli.test_record_commands import call
from tests.console.test_records import hold
from tests.console.world import Browser

__all__ = ["call"]


def test_the_page_of_a_code_says_what_it_means_and_what_to_do(browser: Browser) -> None:
    page = browser.get("/codes/ACCT-V1")
    assert page.status == 200
    assert "Payment term does not exist in NetSuite." in page.seen
    assert "What to do Create a term of exactly that name, or change the account." in page.seen
    assert browser.get("/codes/ACCT-V1?format=json").data["code"] == "ACCT-V1"


def test_every_code_has_a_page_without_marks_of_the_documentation(browser: Browser) -> None:
    assert len(all_codes()) > 400
    for page in all_codes():
        told = page.to_json()
        assert told["meaning"] and told["advice"]
        text = re.sub(r"`[^`]*`", "", f"{told['meaning']} {told['advice']}")
        assert "](" not in text and "*" not in text, page.code
    assert "`cron(0 2 * * ? *)`" in str(page_of("SCHEDULE").to_json()["advice"])
    assert all(browser.get(f"/codes/{code}").status == 200 for code in ("RPRO-00736", "NS-USER_ERROR", "CONNECTOR_DISABLED"))


def test_codes_of_one_row_lead_to_each_other(browser: Browser) -> None:
    page = browser.get("/codes/INV-LINK")
    assert '<a href="/codes/DM-LINK"><code>DM-LINK</code></a>' in page.text


def test_a_code_of_a_vendor_that_nobody_has_listed_is_explained_as_one() -> None:
    known = known_code("NS-SOMETHING_NEW")
    assert known is not None and "code of its own" in known.meaning and known.code == "NS-SOMETHING_NEW"
    assert known_code("OTHER-THING") is None


@pytest.mark.parametrize("code", ["NO-SUCH", "%3Cscript%3E", "x" * 500])
def test_an_unknown_code_is_answered_clearly(browser: Browser, code: str) -> None:
    page = browser.get(f"/codes/{code}")
    assert page.status == 404 and "CODE-UNKNOWN" in page.seen and "There is no code" in page.seen
    assert "<script>" not in page.text


def test_how_a_code_is_written_does_not_matter() -> None:
    assert page_of(" acct-v1 ").code == "ACCT-V1"
    with pytest.raises(ConfigurationError, match="There is no code"):
        page_of("acct-v0")


def test_problem_and_record_lead_to_the_code(signed_in: Any, target: Target) -> None:
    hold(target, "INV1", "INV-V1")
    browser = signed_in(Role.VIEWER)
    for path in ("/problems/alike?step=invoices&code=INV-V1", "/record?name=INV1"):
        assert 'href="/codes/INV-V1"' in browser.get(path).text


def test_the_command_says_the_same(call: Any) -> None:
    code, said = call("code", "ACCT-V1")
    assert code == 0 and "Payment term does not exist in NetSuite." in said and "What to do: Create a term" in said
    assert json.loads(call("code", "ACCT-V1", "--json")[1])["group"] == "Customers"
    code, said = call("code", "NO-SUCH")
    assert code == 3 and "CODE-UNKNOWN" in said
