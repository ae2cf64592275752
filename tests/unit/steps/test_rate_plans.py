"""Zuora product rate plans -> NetSuite sub-items: catalog.md section 3."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.master_data.items import RECORD_TYPES
from tallybridge.steps.rate_plans import RatePlans, multi_currency_prices
from tests.unit.steps.catalog_fakes import NEW_ONLY, ONE_WORLD, C, bench, held, mapped, own, synced, written
from tests.unit.steps.master_fakes import STAMP

rule = pytest.mark.rule
ADVANCED = {"netsuite_advanced_pricing": "Yes", "zuora_default_currency": "USD"}
CURRENCIES = {"netsuite_multiple_currencies": "Yes", "zuora_default_currency": "USD"}
SETTINGS: dict[str, Any] = {**ONE_WORLD, **CURRENCIES, "netsuite_default_tax_schedule": "Standard"}


def price_line(currency: str, amount: str) -> dict[str, Any]:
    return {"currencyPage": {"id": currency}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": Decimal(amount)}


BASE, CAD, GBP = price_line("1", "250.25"), price_line("2", "340.5"), price_line("3", "199")
MAP = "catalog.3.mapping."
OF_PLAN = MAP + "class-ns-department-ns-location-ns-to-class-department-location"
TABLE = [
    # rules, NetSuite property, value, written on
    ((MAP + "id-name-to-item-name-number",), "itemId", "Zuora Rate Plan rp1", "CU"),
    ((MAP + "name-to-display-name",), "displayName", "Monthly", "CU"),
    (
        (MAP + "name-to-zuora-product-rate-plan-name", "custom-fields.2.2.field.zuora-product-rate-plan-name"),
        C["Zuora Product Rate Plan Name"],
        "Monthly",
        "CUL",
    ),
    ((MAP + "id-to-zuora-id", "custom-fields.2.2.field.zuora-id"), C["Zuora ID"], "rp1", "CUL"),
    (
        (MAP + "product-name-to-zuora-product-name", "custom-fields.2.2.field.zuora-product-name"),
        C["Zuora Product Name"],
        "Analytics",
        "CUL",
    ),
    ((MAP + "product-integrationid-ns-to-parent",), "parent", {"id": "700"}, "CU"),
    ((MAP + "to-zuora-type", "custom-fields.2.2.field.zuora-type"), C["Zuora Type"], "RATE_PLAN", "CUL"),
    ((MAP + "to-zuora-sync-date",), C["Zuora Sync Date"], STAMP, "CUL"),
    (
        (
            MAP + "billingperiod-ns-to-zuora-billing-period",
            "custom-fields.1.3.field.netsuite-billing-period",
            "custom-fields.2.2.field.zuora-billing-period",
        ),
        C["Zuora Billing Period"],
        "Monthly",
        "CUL",
    ),
    (
        (MAP + "price-ns-to-base-price", MAP + "multicurrencyprice-ns-to-pricing-matrix-lines", "settings.key.zuora_default_currency"),
        "price",
        {"items": [BASE, CAD, GBP]},
        "CU",
    ),
    ((OF_PLAN, "custom-fields.1.3.field.netsuite-department-location-class"), "class", {"id": "1"}, "CU"),
    ((OF_PLAN,), "department", {"id": "11"}, "CU"),
    ((OF_PLAN,), "location", {"id": "21"}, "CU"),
    ((MAP + "subsidiary-ns-to-subsidiary", "custom-fields.1.3.field.netsuite-subsidiary"), "subsidiary", {"items": [{"id": "3"}]}, "C"),
    (
        (MAP + "includechildren-ns-to-include-children", "custom-fields.1.3.field.netsuite-subsidiary-include-children"),
        "includeChildren",
        True,
        "CU",
    ),
    ((MAP + "setting-to-tax-schedule",), "taxSchedule", {"id": "81"}, "CU"),
]


@pytest.mark.parametrize(("target", "value", "when"), [pytest.param(t, v, w, marks=rule(*r), id=f"{t}-{w}") for r, t, v, w in TABLE])
def test_each_row_of_the_mapping(target: str, value: Any, when: str) -> None:
    for write in "CUL":
        body = mapped(bench(RatePlans, settings=SETTINGS), write)
        assert body.get(target, "not sent") == (value if write in when else "not sent")


@pytest.mark.parametrize("write", "CUL")
@rule(MAP + "to-income-account")
def test_nothing_else_is_sent_and_no_income_account(write: str) -> None:
    body = mapped(bench(RatePlans, settings=SETTINGS), write)
    assert body.keys() == {target for _, target, _, when in TABLE if write in when}
    assert "incomeAccount" not in body


@rule(OF_PLAN, "classifications.3.value.rate-plan-item")
def test_classifications_fall_back_to_the_connector_defaults() -> None:
    assert written(bench(RatePlans, {"Class__NS": None}, {"default_class": "Hardware"}))["class"] == {"id": "2"}
    assert "class" not in written(bench(RatePlans, {"Class__NS": None}))


@pytest.mark.parametrize(("value", "sent"), [("Yes", True), ("No", False), ("", None), ("Maybe", None)])
@rule(MAP + "includechildren-ns-to-include-children", "classifications.4.subsidiary.item-include-children")
def test_include_children_has_no_default(value: str, sent: bool | None) -> None:
    assert written(bench(RatePlans, {"IncludeChildren__NS": value}, ONE_WORLD)).get("includeChildren") is sent
    assert "includeChildren" not in written(bench(RatePlans, {"IncludeChildren__NS": value}))


# -- prices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "rate", "lines"),
    [
        pytest.param({}, Decimal("250.25"), None, id="neither"),
        pytest.param(ADVANCED, None, [BASE], id="advanced pricing", marks=rule("settings.key.netsuite_advanced_pricing")),
        pytest.param(CURRENCIES, None, [BASE, CAD, GBP], id="currencies", marks=rule("settings.key.netsuite_multiple_currencies")),
        pytest.param({**ADVANCED, **CURRENCIES}, None, [BASE, CAD, GBP], id="both"),
    ],
)
@rule(
    MAP + "price-ns-to-base-price",
    MAP + "multicurrencyprice-ns-to-pricing-matrix-lines",
    "catalog.5.base-price-only",
    "custom-fields.1.3.field.netsuite-price",
    "custom-fields.1.3.field.netsuite-multi-currency-price",
)
def test_prices_go_to_the_rate_or_to_the_price_matrix(
    settings: dict[str, Any], rate: Decimal | None, lines: list[dict[str, Any]] | None
) -> None:
    body = written(bench(RatePlans, settings=settings))
    assert (body.get("rate"), body.get("price")) == (rate, {"items": lines} if lines else None)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"Price__NS": None}, [CAD, GBP]),
        ({"MultiCurrencyPrice__NS": None}, [BASE]),
        ({"MultiCurrencyPrice__NS": "USD:99"}, [price_line("1", "99")]),
        ({"Price__NS": 0, "MultiCurrencyPrice__NS": ""}, [price_line("1", "0")]),
        ({"Price__NS": 12.5, "MultiCurrencyPrice__NS": ""}, [price_line("1", "12.5")]),
    ],
)
def test_each_currency_has_one_price(change: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    assert written(bench(RatePlans, change, CURRENCIES))["price"] == {"items": lines}


def test_without_prices_none_are_sent() -> None:
    change = {"Price__NS": None, "MultiCurrencyPrice__NS": None}
    for settings in ({}, CURRENCIES):
        assert not {"rate", "price"} & written(bench(RatePlans, change, settings)).keys()


def test_a_default_currency_that_netsuite_lacks_leaves_the_base_price_out_and_is_said() -> None:
    b = bench(RatePlans, settings={**CURRENCIES, "zuora_default_currency": "CHF"})
    assert written(b)["price"] == {"items": [CAD, GBP]}
    texts = [r.message for r in b.plan("rp1").remarks]
    assert texts == ['Default currency "CHF" does not exist in NetSuite; NetSuite Price is ignored.']


@rule("catalog.5.base-price-only")
def test_other_prices_of_the_item_are_no_reason_to_write() -> None:
    b = synced(bench(RatePlans, settings=CURRENCIES))
    record = b.netsuite.records["serviceSaleItem"]["900"]
    record["price"] = {"items": [*record["price"]["items"], {**BASE, "priceLevel": {"id": "2"}, "price": Decimal(1)}]}
    assert b.plan("rp1").action == "none"
    own(b)["MultiCurrencyPrice__NS"] = "CAD:340.50; GBP:200"
    assert b.plan("rp1").requests[0].body == {"price": {"items": [BASE, CAD, price_line("3", "200")]}}
    assert b.plan("rp1").requests[0].replace == ()


def test_a_changed_rate_is_sent() -> None:
    b = synced(bench(RatePlans))
    own(b)["Price__NS"] = "250.250"
    assert b.plan("rp1").action == "none"
    own(b)["Price__NS"] = "260"
    assert b.plan("rp1").requests[0].body == {"rate": Decimal(260)}


# -- grammar (3.1) -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("CAD:250.25;GBP:126.99", {"CAD": Decimal("250.25"), "GBP": Decimal("126.99")}),
        ("CAD:250", {"CAD": Decimal(250)}),
        (" CAD : 250.25 ; GBP : 126.99 ; ", {"CAD": Decimal("250.25"), "GBP": Decimal("126.99")}),
        ("CAD:250;CAD:250", None),
        ("CAD:1;;GBP:2", None),
        (";", None),
        (";CAD:1", None),
        ("CAD:1;;", None),
        ("cad:250", None),
        ("CA:250", None),
        ("CADX:250", None),
        ("CAD=250", None),
        ("CAD:", None),
        ("CAD:-1", None),
        ("CAD:1,5", None),
        ("CAD:.5", None),
        ("CAD:1e3", None),
        ("CAD:1.2.3", None),
        ("CAD:٣", None),
        ("CAD 250", None),
    ],
)
@rule("catalog.3.price-grammar", "catalog.3.validation.R2")
def test_the_grammar_of_multi_currency_prices(text: str, prices: dict[str, Decimal] | None) -> None:
    assert multi_currency_prices(text) == prices


CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)
AMOUNTS = st.decimals(0, 10**9, places=2)
BLANKS = st.text(" ", max_size=2)


@rule("catalog.3.price-grammar")
@given(st.dictionaries(CODES, AMOUNTS, min_size=1, max_size=6), BLANKS, st.booleans())
def test_whatever_follows_the_grammar_is_understood(prices: dict[str, Decimal], blank: str, trailing: bool) -> None:
    text = f"{blank};{blank}".join(f"{code}{blank}:{blank}{amount}" for code, amount in prices.items())
    assert multi_currency_prices(text + (";" if trailing else "")) == prices


@given(st.text("CAD:;. 12-", max_size=20))
def test_nothing_else_is(text: str) -> None:
    one = r"\s*[A-Z]{3}\s*:\s*\d+(\.\d+)?\s*"
    codes = re.findall("[A-Z]{3}", text)
    good = re.fullmatch(rf"{one}(;{one})*(;\s*)?", text) is not None and len(set(codes)) == len(codes)
    assert (multi_currency_prices(text) is not None) is good


# -- validations (3.1) ---------------------------------------------------------------------------------------------------

R2_TEXT = 'Rate plan "Monthly": NetSuite Multi Currency Price "CAD=1" must look like CAD:250.25;GBP:126.99.'
R3_TEXT = 'Rate plan "Monthly": currency "CHF" does not exist in NetSuite.'


@pytest.mark.parametrize(
    ("change", "settings", "code", "message"),
    [
        pytest.param({"MultiCurrencyPrice__NS": "CAD=1"}, CURRENCIES, "PLAN-R2", R2_TEXT, marks=rule("catalog.3.validation.R2")),
        pytest.param({"MultiCurrencyPrice__NS": "CAD=1"}, ADVANCED, "PLAN-R2", R2_TEXT, marks=rule("catalog.3.validation.R2")),
        pytest.param({"MultiCurrencyPrice__NS": "CHF:1;CAD:2"}, CURRENCIES, "PLAN-R3", R3_TEXT, marks=rule("catalog.3.validation.R3")),
        pytest.param({"MultiCurrencyPrice__NS": "CHF:1"}, ADVANCED, "PLAN-R3", R3_TEXT, marks=rule("catalog.3.validation.R3")),
        *(
            pytest.param(
                {"Price__NS": price},
                {},
                "PLAN-R4",
                f'Rate plan "Monthly": NetSuite Price "{price}" is not a number.',
                marks=rule("catalog.3.validation.R4"),
            )
            for price in ("ten", "1,50", "NaN", "1e3", "USD 5", "-", ".")
        ),
    ],
)
def test_a_failed_validation_holds_the_rate_plan(change: dict[str, Any], settings: dict[str, Any], code: str, message: str) -> None:
    b = bench(RatePlans, change, settings)
    assert held(b) == [(code, message)]
    assert all(p.advice for p in b.plan("rp1").problems)


@pytest.mark.parametrize("change", [{"MultiCurrencyPrice__NS": "CAD=1"}, {"MultiCurrencyPrice__NS": "CHF:1"}])
@rule("catalog.3.validation.R2", "catalog.3.validation.R3")
def test_multi_currency_prices_are_not_looked_at_where_netsuite_has_one_rate(change: dict[str, Any]) -> None:
    assert written(bench(RatePlans, change))["rate"] == Decimal("250.25")


@pytest.mark.parametrize("price", ["0", "250.", "-5.5", " 12 ", 7, None])
@rule("catalog.3.validation.R4")
def test_numbers_are_taken(price: Any) -> None:
    assert written(bench(RatePlans, {"Price__NS": price}))["itemId"]


@rule("catalog.3.validation.R1")
def test_a_rate_plan_waits_for_its_product() -> None:
    b = bench(RatePlans, product={"IntegrationId__NS": ""})
    assert held(b) == [("PLAN-R1", 'Rate plan "Monthly": product "Analytics" has not been synced.')]
    assert [p.waits_for for p in b.plan("rp1").problems] == ['product "Analytics"']
    b.run()
    assert b.ledger.facts["rp1"] == {"code": "PLAN-R1", "waits_for": 'product "Analytics"'}
    b.zuora.tables["Product"]["pr1"]["IntegrationId__NS"] = "700"
    assert b.plan("rp1").action == "create"


@rule("catalog.1.rule.6")
def test_a_link_does_not_wait_for_the_product_and_looks_at_no_price() -> None:
    change = {"IntegrationId__NS": "900", "Price__NS": "ten", "MultiCurrencyPrice__NS": "CAD=1"}
    b = bench(RatePlans, change, {**CURRENCIES, **NEW_ONLY}, product={"IntegrationId__NS": ""})
    assert b.plan("rp1").action == "link"


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, set()),
        (ONE_WORLD, {"subsidiary"}),
        (ADVANCED, {"currency"}),
        (CURRENCIES, {"currency"}),
        ({"netsuite_default_tax_schedule": "Standard"}, {"tax schedule"}),
    ],
)
def test_only_tables_that_the_settings_call_for_are_read(settings: dict[str, Any], more: set[str]) -> None:
    always = {"class", "department", "location", *(f"fields:{t}" for t in RECORD_TYPES.values())}
    assert set(bench(RatePlans, settings=settings).step().needs) == always | more
