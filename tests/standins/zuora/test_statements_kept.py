"""A statement of Data Query is translated once, whatever dates and moments stand in it, and for all tenants with the same tables."""

from __future__ import annotations

import pytest

from sandbox.zuora.models.dataquery import translate
from sandbox.zuora.models.dataquery.translate import Translator
from tests.standins.zuora.tenant import Tenant

SINCE = "SELECT count(*) AS n FROM invoice WHERE updateddate >= TIMESTAMP '{}' AND invoicedate <= DATE '{}'"


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were translated, from now on."""
    translate._translator.cache_clear()
    seen: list[str] = []
    prepare = Translator.prepare

    def seeing(translator: Translator, text: str, read_deleted: bool) -> object:
        seen.append(text)
        return prepare(translator, text, read_deleted)

    monkeypatch.setattr(Translator, "prepare", seeing)
    return seen


def test_other_dates_and_moments_are_the_same_statement(settled: Tenant, translated: list[str]) -> None:
    text = SINCE + " -- of this test alone"
    for moment, day, n in (
        ("2026-01-31 16:15:00.000 +00:00", "2026-12-31", 2),
        ("2026-01-31 16:15:00.001 UTC", "2026-12-31", 0),
        ("2026-01-31 16:14:59.999 +00:00", "2026-12-31", 2),
        ("2026-01-01 00:00:00.000 +00:00", "2025-12-31", 0),
    ):
        assert settled.sql(text.format(moment, day)) == [{"n": n}]
    assert len(translated) == 2  # by the two ways in which the zone is written


def test_days_that_stand_for_others_may_be_meant(settled: Tenant) -> None:
    assert settled.sql("SELECT count(*) AS n FROM invoice WHERE invoicedate > DATE '1001-01-01'") == [{"n": 2}]
    text = "SELECT '1001-01-01' AS a, DATE '2026-03-05' AS b FROM invoice LIMIT 1"
    assert settled.sql(text) == [{"a": "1001-01-01", "b": "2026-03-05"}]


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("DATE '2026-02-30'", "line 1:41: '2026-02-30' is not a valid date literal"),
        ("TIMESTAMP '2026-01-31 25:00:00.000 UTC'", "line 1:41: '2026-01-31 25:00:00.000 UTC' is not a valid timestamp literal"),
    ],
)
def test_a_refusal_is_that_of_the_text_as_it_was_given(settled: Tenant, literal: str, message: str) -> None:
    assert settled.sql_error(f"SELECT id FROM invoice WHERE duedate <= {literal}") == message


def test_more_dates_than_days_stay_in_the_statement(settled: Tenant) -> None:
    days = ", ".join(f"DATE '20{n // 12 + 10}-{n % 12 + 1:02d}-01'" for n in range(400))
    assert settled.sql(f"SELECT count(*) AS n FROM invoice WHERE invoicedate IN ({days})") == [{"n": 0}]
