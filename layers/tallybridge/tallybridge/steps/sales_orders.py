"""NetSuite sales orders -> Zuora subscriptions (sales-orders.md). Validations and mapping are in `sales_order_mapping`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import LoginRefused, Refused, ServiceError
from tallybridge.steps.master_data.sales_order_mapping import (
    CODE,
    OrderLine,
    SalesOrder,
    custom_fields,
    left_out,
    order_body,
    problems_of,
    remarks_on,
    subscription_body,
    without_account,
)
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID, NetSuiteToZuora
from tallybridge.steps.shared.netsuite_left_out import IGNORED, SuiteLeftOut
from tallybridge.steps.shared.problems import ambiguous_in_zuora
from tallybridge.steps.shared.suite_selection import SuiteSelection
from tallybridge.steps.shared.texts import named_account
from tallybridge.steps.shared.writers import ZuoraWriter
from tallybridge.sync.held import Held
from tallybridge.sync.step import (
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
    MarkResult,
    Plan,
    Request,
    SourceRecord,
    Write,
    Writer,
    normal_status,
)
from tallybridge.zuora.selection import Is, SourceQuery

SUBSCRIPTION = "Subscription"
ORDERS, SUBSCRIPTIONS = "/v1/orders", "/v1/subscriptions"
PATHS = {"auto": (ORDERS, SUBSCRIPTIONS), "orders": (ORDERS,), "subscriptions": (SUBSCRIPTIONS,)}
"""By the setting zuora.subscription_api: which calls may create the subscription, the preferred one first."""
FEATURE_OFF = "10"
"""Category of the reason with which a tenant declines the call of the feature that it does not use (api-zuora-billing.md 5.2)."""
CREATING, ERROR_CREATING = "Creating Subscription", "Error Creating Subscription"

# -- selection -----------------------------------------------------------------------------------------------------------

RATE_PLAN = ("RATE_PLAN", "RATEPLAN")
COLUMNS = {
    "tranid": "t.tranid",
    "trandate": "TO_CHAR(t.trandate, 'YYYY-MM-DD')",
    "orderstatus": "t.status",
    "customer": "t.entity",
    "currency": "u.symbol",
}
LABELS = {
    "zuoraid": "Zuora ID",
    "status": "Zuora Integration Status",
    "autorenew": "Zuora Auto Renew",
    "initialterm": "Zuora Initial Term",
    "renewalterm": "Zuora Renewal Term",
    "termsetting": "Zuora Term Setting",
    "subscriptionnumber": "Zuora Subscription Number",
}
DATES = {
    "termstart": "Zuora Term Start Date",
    "contracteffective": "Zuora Contract Effective Date",
    "serviceactivation": "Zuora Service Activation Date",
    "customeracceptance": "Zuora Customer Acceptance Date",
}
SHOWN = ("autorenew", "termsetting")
"""Fields that may be lists: their text is wanted."""
ACCOUNT_FIELDS = ("AccountNumber", "Currency")
PLAN_FIELDS = ("ProductId", "EffectiveStartDate", "EffectiveEndDate")
ORDER_NUMBER = "SalesOrder__NS"
FIELDS = ("Name", "AccountId", "Status", "IsLatestVersion", INTEGRATION_ID)
CUSTOMERS = "transaction t JOIN customer c ON c.id = t.entity"


# -- action --------------------------------------------------------------------------------------------------------------


def plan(context: StepContext, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a sales order."""
    order: SalesOrder = record.data
    if len(found) == 1:
        return Found(found[0])
    if len(found) > 1:
        return Hold((ambiguous_in_zuora(CODE, order.label, "subscriptions", found), *problems_of(order)))
    if why := left_out(order):
        return Leave(why)
    if why := without_account(order):
        return Hold((why,))
    if problems := problems_of(order):
        return Hold(tuple(problems))
    own = context.source.to_tenant(custom_fields(order))
    bodies = {ORDERS: order_body(order, own), SUBSCRIPTIONS: subscription_body(order, own)}
    ways = {path: bodies[path] for path in PATHS[context.settings.zuora_subscription_api]}
    request = Request(SUBSCRIPTION, ways, key=f"sales-order-{record.id}")
    remarks = tuple(remarks_on(order))
    return Write("create", CREATING, ERROR_CREATING, (request,), transferred=False, check_amount=False, remarks=remarks)


# -- the step ------------------------------------------------------------------------------------------------------------


class SalesOrders(NetSuiteToZuora):
    """Step 2b: one Zuora subscription per sales order with rate plans, holding all of them; never looked at again afterwards."""

    name = "sales_orders"
    title = "NetSuite sales orders"
    object = "salesOrder"
    object_label = "Sales order"
    destination = "subscription"
    zuora_object = SUBSCRIPTION
    code = CODE
    transaction = False
    undone = ("Cancelled",)
    needs: tuple[str, ...] = ("fields:salesOrder", "fields:customer", "fields:serviceSaleItem")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.subscriptions: dict[str, dict[str, Any]] = {}
        """By id, as far as they have been read to be written back; orders of two chunks may be marked at the same time."""

    def selection(self) -> SuiteSelection:
        """Rules 1 and 5 are applied by `without_account` and `left_out`, which say so."""
        where = (
            "t.type = 'SalesOrd'",
            self.not_complete(),  # rule 2
            f"t.id IN (SELECT l.transaction FROM {self._rate_plan_lines()})",  # rule 3
            self.says_yes("Send to Zuora"),  # rule 4
        )
        columns = dict(COLUMNS)
        if not self.settings.netsuite_multiple_currencies:
            del columns["currency"]
        columns |= {n: f"BUILTIN.DF(t.{f})" if n in SHOWN else f"t.{f}" for n, f in self._fields(LABELS).items()}
        columns |= {n: f"TO_CHAR(t.{f}, 'YYYY-MM-DD')" for n, f in self._fields(DATES).items()}
        columns["account"] = self.customer_id("Zuora Customer ID (Sales)")
        join = " LEFT JOIN currency u ON u.id = t.currency" if "currency" in columns else ""
        shown = tuple(f"{expression} AS {name}" for name, expression in columns.items())
        return SuiteSelection(f"{CUSTOMERS}{join}", where, shown, group="t.entity")

    def told(self) -> SuiteLeftOut:
        """Orders to be sent that a person has set aside; what else is left alone is told of each order (`plan`)."""
        where = ("t.type = 'SalesOrd'", self.not_done(), self.says_yes("Send to Zuora"))
        return SuiteLeftOut("transaction t", where, ((self.not_ignored(), IGNORED),), amount="")

    def _fields(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Script ids by column; a field that the account lacks is noted and left out."""
        found = {}
        for name, label in labels.items():
            script_id = self.reference.custom(self.object, label)
            if self.reference.has_field(self.object, script_id):
                found[name] = script_id
            else:
                self.context.dropped.add(f"{self.object}.{script_id}")
        return found

    def _rate_plan_lines(self) -> str:
        """Lines `l` with their items `i` whose item is a rate plan of Zuora."""
        kind = self.reference.custom("serviceSaleItem", "Zuora Type")
        kinds = ", ".join(f"'{k}'" for k in RATE_PLAN)
        return (
            "transactionline l JOIN item i ON i.id = l.item WHERE l.mainline = 'F' AND l.taxline = 'F' "
            f"AND NVL({self._item_id()}, ' ') <> ' ' AND UPPER(i.{kind}) IN ({kinds})"
        )

    def _item_id(self) -> str:
        """Zuora Item ID of the line, else what it is sourced from (custom-fields.md 2.5)."""
        of_item = f"i.{self.reference.custom('serviceSaleItem', 'Zuora ID')}"
        own = self.reference.custom(self.object, "Zuora Item ID", line=True)
        return f"NVL(l.{own}, {of_item})" if self.reference.has_field(self.object, own, line=True) else of_item

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rows = {row["id"]: row for row in self.reread(candidates)}
        lines = self._lines_of(rows)
        source, now = self.context.source, stamp(self.context.clock.now())
        accounts = source.reread("Account", {row.get("account", "") for row in rows.values()}, ACCOUNT_FIELDS)
        effective = self._effective({line.plan for of_order in lines.values() for line in of_order if not line.closed})
        own = {str(a.get("Currency") or "") for a in accounts.values()}
        foreign = {row["currency"] for row in rows.values() if row.get("currency") and row["currency"] not in own}
        currencies = frozenset(own) | {c for c in foreign if self._is_used(c)}
        return [
            self._record(
                SalesOrder(
                    row=row,
                    lines=tuple(lines.get(i, ())),
                    settings=self.settings,
                    synced_at=now,
                    account=accounts.get(row.get("account", ""), {}),
                    effective=effective,
                    known_currencies=currencies,
                )
            )
            for i, row in rows.items()
        ]

    def _record(self, order: SalesOrder) -> SourceRecord:
        return SourceRecord(
            id=str(order.row["id"]),
            number=order.number,
            status=str(order.row.get("status") or ""),
            group=str(order.row.get("account") or ""),
            order=(str(order.row.get("trandate") or ""), order.number),
            data=order,
            date=str(order.row.get("trandate") or ""),
            customer_name=named_account(order.account),
        )

    def _lines_of(self, orders: Iterable[str]) -> dict[str, list[OrderLine]]:
        """The rate plan lines of each order, in their order."""
        q = (
            f"SELECT l.transaction AS orderid, l.linesequencenumber AS place, l.isclosed, i.itemid, {self._item_id()} AS plan "
            f"FROM {self._rate_plan_lines()} AND l.transaction IN {{in}}"
        )
        found: dict[str, list[OrderLine]] = {}
        for row in sorted(self.context.netsuite.suiteql_in(q, orders), key=lambda line: int(line["place"])):
            line = OrderLine(row["place"], row.get("itemid", ""), row["plan"], row.get("isclosed") == "T")
            found.setdefault(row["orderid"], []).append(line)
        return found

    def _effective(self, plans: Iterable[str]) -> dict[str, tuple[str, str]]:
        """First and last day of rate plans that exist, as far as their products are effective, too."""
        rows = self.context.source.reread("ProductRatePlan", plans, PLAN_FIELDS)
        products = self.context.source.reread("Product", {str(r.get("ProductId") or "") for r in rows.values()}, PLAN_FIELDS[1:])
        found = {}
        for i, row in rows.items():
            both = (row, products.get(str(row.get("ProductId") or ""), {}))
            first, last = ([str(r.get(name) or "")[:10] for r in both] for name in PLAN_FIELDS[1:])
            found[i] = (max(first), min(last))
        return found

    def _is_used(self, currency: str) -> bool:
        """Whether some account in Zuora has the currency: no API lists the active ones."""
        query = SourceQuery("Account", ("Currency",), ((Is("Currency", (currency,)),),))
        return self.context.source.count(query) > 0

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """By Integration ID; orders whose create was begun also by their number, among the subscriptions of their account that belong to no
        other order (section 4)."""
        found = {i: kept for i, hits in super().find(records).items() if (kept := [c for c in hits if self.counts(c.record)])}
        begun = {r.number: r for r in records if r.id not in found and normal_status(r.status)}
        for row in self.context.source.by_field(SUBSCRIPTION, ORDER_NUMBER, begun, (ORDER_NUMBER, *FIELDS)):
            record = begun[str(row[ORDER_NUMBER])]
            if self._is_of(row, record.number, record.data.row.get("account")):
                found.setdefault(record.id, []).append(Counterpart(str(row["Id"]), record=row))
        return found

    def _is_of(self, row: Mapping[str, Any], number: str, account: str | None) -> bool:
        """Whether a subscription without an Integration ID is an order's, by its number and its account."""
        return (row.get(ORDER_NUMBER), row.get("AccountId")) == (number, account) and not row.get(INTEGRATION_ID) and self.counts(row)

    def in_zuora(self, keys: Sequence[str], fields: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """With what `counts` looks at."""
        return super().in_zuora(keys, tuple(dict.fromkeys((*fields, "IsLatestVersion"))))

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """By Integration ID; of orders that were found by their number (`find`), the subscription that they name."""
        held = list(super().holdings(source_ids))
        rest = set(source_ids) - {source_id for source_id, _ in held}
        yield from (*held, *((i, Held()) for i in self._named(rest)))

    def _named(self, ids: Collection[str]) -> Iterator[str]:
        """The orders whose subscription carries their number and no Integration ID."""
        zuora_id, account = self.label_field("Zuora ID"), self.customer_id("Zuora Customer ID (Sales)")
        q = f"SELECT t.id, t.tranid AS tranid, t.{zuora_id} AS zuoraid, {account} AS account FROM {CUSTOMERS} WHERE t.id IN {{in}}"
        orders = list(self.context.netsuite.suiteql_in(q, ids))
        there = self.context.source.reread(SUBSCRIPTION, {o["zuoraid"] for o in orders if o.get("zuoraid")}, (ORDER_NUMBER, *FIELDS))
        for order in orders:
            named = there.get(order.get("zuoraid", ""))
            if named and self._is_of(named, order.get("tranid", ""), order.get("account")):
                yield order["id"]

    def counterpart_fields(self) -> tuple[str, ...]:
        return FIELDS

    def counts(self, row: Mapping[str, Any]) -> bool:
        """Earlier versions of an amended subscription do not count."""
        return super().counts(row) and row.get("IsLatestVersion") is not False

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.context, record, found)

    # -- writing -----------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        return SubscriptionWriter(ZuoraWriter(self.context.zuora))

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """As every step from NetSuite; with success the subscription's number is written, too."""
        finished = [m for m in marks if m.synced_at]
        try:
            ids = [m.destination_id for m in finished]
            self.subscriptions |= self.context.source.reread(SUBSCRIPTION, ids, ("Name",)) if ids else {}
        except LoginRefused:
            raise
        except ServiceError as lost:
            failed = {m.record.id: MarkResult(False, lost.code, lost.message) for m in finished}
            return failed | super().mark([m for m in marks if not m.synced_at])
        return super().mark(marks)

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        number = self.subscriptions.get(mark.destination_id, {}).get("Name") if mark.synced_at else None
        return super().mark_fields(mark) | ({"Zuora Reference Number": number} if number else {})


class SubscriptionWriter:
    """Creates a subscription by one of the calls that the request's body names with their own bodies. The first one that the tenant's
    features allow is kept for the rest of the batch."""

    def __init__(self, zuora: ZuoraWriter) -> None:
        self.zuora = zuora
        self.chosen = ""

    def create(self, request: Request) -> str:
        paths = [self.chosen] if self.chosen else list(request.body)
        declined: Refused | None = None
        for path in paths:
            try:
                made = self._create(path, request)
            except Refused as refused:
                if not _is_feature_off(refused):
                    self.chosen = path
                    raise
                declined = declined or refused
                continue
            self.chosen = path
            return made
        assert declined is not None
        raise declined

    def update(self, request: Request) -> object:
        return self.zuora.update(request)

    def _create(self, path: str, request: Request) -> str:
        """A key belongs to one address (api-zuora-billing.md section 4)."""
        way = replace(request, record_type=path, body=request.body[path], key=f"{request.key}-{path.rsplit('/', 1)[1]}")
        return self.zuora.create(way)


def _is_feature_off(refused: Refused) -> bool:
    code = refused.service_code
    return code.isdecimal() and len(code) == 8 and code[-2:] == FEATURE_OFF
