"""How the tenant takes writes: batches, repeated calls, and what a reader sees of a write."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora.books import (
    NO_ID,
    NOT_FOUND,
    account,
    account_body,
    codes,
    custom,
    fields,
    invoice,
    paid,
    records,
    require_settlement,
    rows,
    taken,
    told,
    tried,
    wanted,
)

MOST_OBJECTS = 50
CONFLICT = 409
COPY_LOOKS = (5, 55, 540)
"""Seconds between looks at the copy that Data Query reads; after each the lag is known to be no longer than what has passed."""
INTEGRATION_ID = "IntegrationId"
PLACE = {"Country": "United States", "State": "California"}


def _update(world: World, *objects: Mapping[str, Any], object_type: str = "Account") -> Reply:
    return world.zuora.ask("POST", "/v1/action/update", {"type": object_type, "objects": [*objects]})


def _results(reply: Reply) -> list[bool]:
    """Whether each object of an action was written, [] where the whole call was refused."""
    return [bool(each.get("Success")) for each in reply.body] if isinstance(reply.body, list) else []


def _notes(world: World, id: str) -> str:
    return str(wanted(world.zuora.ask("GET", f"/v1/accounts/{id}"), "a look at the probes' account")["basicInfo"].get("notes", ""))


def _updated(world: World, id: str) -> str:
    (row,) = records(world, f"select Id, UpdatedDate from Account where Id = '{id}'")
    return str(row["UpdatedDate"])


def _independent(world: World) -> bool:
    own, text = account(world), world.name("one of two")
    done = _results(_update(world, {"Id": own, "Notes": text}, {"Id": NO_ID, "Notes": text}))
    return done == [True, False] and _notes(world, own) == text


def _fifty(world: World) -> bool:
    """None of the objects exists, so that nothing is written even where they are taken."""
    reply = _update(world, *({"Id": f"{number:032x}", "Notes": "x"} for number in range(MOST_OBJECTS + 1)))
    return "MAX_RECORDS_EXCEEDED" in codes(reply)


def _replayed(world: World) -> int:
    """The status with which the first answer to a create is told again."""
    body, key = account_body(world, "twice"), str(uuid.uuid4())
    first, id = tried(world, "twice", body, key=key)
    if not id:
        raise NotTestable(f"Zuora refused the account that the probe works with: {told(first)}")
    again = world.zuora.ask("POST", "/v1/accounts", body, headers={"Idempotency-Key": key})
    if again.status not in (200, CONFLICT):
        raise NotTestable(f"A repeated call is answered with HTTP {again.status}: {told(again)}")
    return again.status


def _actions_honour_the_key(world: World) -> bool:
    """A contact is made once, although its call is sent twice."""
    contact = {
        "AccountId": account(world),
        "FirstName": "Once",
        "LastName": world.name("once"),
        "Country": "United States",
        "State": "California",
    }
    body, key = {"type": "Contact", "objects": [contact]}, str(uuid.uuid4())
    wanted(world.zuora.ask("POST", "/v1/action/create", body, headers={"Idempotency-Key": key}), "a contact")
    world.zuora.ask("POST", "/v1/action/create", body, headers={"Idempotency-Key": key})
    return len(records(world, f"select Id from Contact where LastName = '{world.name('once')}'")) == 1


def _bulk_partial(world: World) -> bool:
    """Whether the good invoice of a batch is saved although the other one does not exist."""
    own, text = invoice(world, 1)["id"], world.name("bulk")
    reply = world.zuora.ask("PUT", "/v1/invoices", {"invoices": [{"id": own, "comments": text}, {"id": NO_ID, "comments": text}]})
    if taken(reply):
        raise NotTestable("The batch was taken although one of its invoices does not exist.")
    return bool(wanted(world.zuora.ask("GET", f"/v1/invoices/{own}"), "a look at the invoice").body.get("comments") == text)


def _actions_on_payments(world: World) -> bool:
    require_settlement(world)
    payment = paid(world, 1)
    return _results(_update(world, {"Id": payment["id"], "TransferredToAccounting": "Yes"}, object_type="Payment")) == [True]


def _found_at_once(world: World) -> bool:
    return NOT_FOUND not in codes(world.zuora.ask("GET", f"/v1/accounts/{_fresh(world, 'fresh')}"))


def _fresh(world: World, what: str, **given: Any) -> str:
    reply, id = tried(world, what, {**account_body(world, what), **given})
    if not id:
        raise NotTestable(f"Zuora refused the account that the probe works with: {told(reply)}")
    return id


def _by_integration_id(world: World) -> bool:
    field = custom(world, INTEGRATION_ID)
    if field not in fields(world, "Account"):
        raise NotTestable(f"The account has no field {field}.")
    mark = world.name("mark")
    id = _fresh(world, "marked", **{field: mark})
    return [row["Id"] for row in records(world, f"select Id from Account where {field} = '{mark}'")] == [id]


def _own_writes_move(world: World) -> bool:
    id = _fresh(world, "moved")
    before = _updated(world, id)
    world.clock.sleep(2)
    wanted(world.zuora.ask("PUT", f"/v1/accounts/{id}", {"notes": world.name("moved")}), "an update")
    return _updated(world, id) != before


def _contact_leaves_account(world: World) -> bool:
    id = _fresh(world, "visited")
    before = _updated(world, id)
    (row,) = records(world, f"select Id, BillToId from Account where Id = '{id}'")
    world.clock.sleep(2)
    wanted(world.zuora.ask("PUT", f"/v1/contacts/{row['BillToId']}", {"address1": "1 Probe Way"}), "a change of the contact")
    return _updated(world, id) == before


def _lag(world: World) -> int:
    """Seconds after which Data Query shows a write: 0 where it shows it at once, else the first of some looks that finds it."""
    text = world.name("copied")
    account_id = _fresh(world, "copied")
    waited = 0
    for pause in (0, *COPY_LOOKS):
        world.clock.sleep(pause)
        waited += pause
        if [row["name"] for row in rows(world, f"SELECT name FROM account WHERE id = '{account_id}'")] == [text]:
            return waited
    raise NotTestable(f"Data Query did not show a new account within {waited} seconds.")


def _only_deleted(world: World) -> bool:
    """Of two contacts one is deleted: only that one is told with readDeleted, only the other without."""
    last = world.name("gone")
    base = {"AccountId": account(world), "LastName": last, **PLACE}
    both = [{**base, "FirstName": name} for name in ("Living", "Deleted")]
    made = wanted(world.zuora.ask("POST", "/v1/action/create", {"type": "Contact", "objects": both}), "two contacts").body
    ids = [str(each["Id"]) for each in made]
    world.zuora.ask("POST", "/v1/action/delete", {"type": "Contact", "ids": [ids[1]]})
    sql = f"SELECT id FROM contact WHERE lastname = '{last}'"
    for pause in (0, *COPY_LOOKS):
        world.clock.sleep(pause)
        living = [row["id"] for row in rows(world, sql)]
        if living == [ids[0]]:
            return [row["id"] for row in rows(world, sql, readDeleted=True)] == [ids[1]]
    raise NotTestable("Data Query did not show the contacts as they are within ten minutes.")


def _status_values(world: World, *values: str) -> list[bool]:
    payment = paid(world, 1)
    path = f"/v1/payments/{payment['id']}"
    return [taken(world.zuora.ask("PUT", path, {"financeInformation": {"transferredToAccounting": value}})) for value in values]


def _five_values(world: World) -> bool:
    require_settlement(world)
    return all(_status_values(world, "Processing", "Yes", "Error", "Ignore", "No"))


def _no_other_value(world: World) -> bool:
    require_settlement(world)
    return not any(_status_values(world, "Complete", "Processing 2"))


def _invoice_path(world: World) -> bool:
    own, field = invoice(world, 1)["id"], custom(world, INTEGRATION_ID)
    if field not in fields(world, "Invoice"):
        raise NotTestable(f"The invoice has no field {field}.")
    return taken(world.zuora.ask("PUT", "/v1/invoices", {"invoices": [{"id": own, field: "1"}]}))


def _account_path(world: World) -> bool:
    return _results(_update(world, {"Id": account(world), "Notes": "written"})) == [True]


def _payment_path(world: World) -> bool:
    require_settlement(world)
    return _status_values(world, "Yes") == [True]


def _two_dates(world: World) -> bool:
    """Whether an update with invoice date and due date in one request is refused."""
    own = invoice(world, 1)
    day = own["invoiceDate"]
    return not taken(world.zuora.ask("PUT", f"/v1/invoices/{own['id']}", {"invoiceDate": day, "dueDate": day}))


def _unknown_plan(world: World) -> bool:
    """Whether an order of a rate plan that does not exist is refused."""
    day = world.clock.now().date().isoformat()
    terms = {"initialTerm": {"termType": "TERMED", "period": 12, "periodType": "Month", "startDate": day}, "autoRenew": False}
    triggers = [{"name": name, "triggerDate": day} for name in ("ContractEffective", "ServiceActivation", "CustomerAcceptance")]
    create = {"terms": terms, "subscribeToRatePlans": [{"productRatePlanId": NO_ID}]}
    action = {"type": "CreateSubscription", "triggerDates": triggers, "createSubscription": create}
    order = {"orderDate": day, "subscriptions": [{"orderActions": [action]}], "processingOptions": {"runBilling": False}}
    account(world)
    return not taken(world.zuora.ask("POST", "/v1/orders", {"existingAccountNumber": world.name("account"), **order}))


def _unknown_country(world: World) -> bool:
    body = account_body(world, "nowhere")
    return not tried(world, "nowhere", {**body, "billToContact": {**body["billToContact"], "country": "Atlantis"}})[1]


def _name_stays(world: World) -> bool:
    id = _fresh(world, "named")
    return not taken(world.zuora.ask("PUT", f"/v1/accounts/{id}", {"name": ""}))


def _own_number_needed(world: World) -> bool:
    """Whether a number that exists already is refused."""
    account(world)
    return not tried(world, "again", {**account_body(world, "again"), "accountNumber": world.name("account")})[1]


def _contact_name_stays(world: World) -> bool:
    (row,) = records(world, f"select Id, BillToId from Account where Id = '{account(world)}'")
    return not taken(world.zuora.ask("PUT", f"/v1/contacts/{row['BillToId']}", {"lastName": ""}))


def _item_without_charge(world: World) -> bool:
    """Whether the item of a standalone invoice tells no charge."""
    items = wanted(world.zuora.ask("GET", f"/v1/invoices/{invoice(world, 1)['id']}/items"), "the items of an invoice")["invoiceItems"]
    return not any(item.get("productRatePlanChargeId") for item in items)


def _two_contacts(world: World) -> bool:
    id = _fresh(world, "contacts")
    (row,) = records(world, f"select Id, BillToId, SoldToId from Account where Id = '{id}'")
    return bool(row["BillToId"] != row["SoldToId"])


TELL = "Send the evidence to the maintainers."
PROBES = (
    facts_probe(
        "zuora.batch-independence",
        System.ZUORA,
        "Is the good object of an action written although another one fails?",
        Fact("independent", _independent, "It is not written.", f"One bad record holds back up to 49 others. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.batch-limit",
        System.ZUORA,
        "Are 51 objects in one action refused?",
        Fact("fifty", _fifty, "They are refused otherwise, or taken.", "Nothing: the product sends 50 at most."),
        writes=True,
    ),
    Probe(
        "zuora.idempotency-replay",
        System.ZUORA,
        "With which status is a repeated call answered that has the key of the first one?",
        _replayed,
        CONFLICT,
        sentence("It is answered with HTTP {}."),
        lambda seen: "Nothing: the product takes both.",
        writes=True,
        option="idempotency_replay_status",
    ),
    facts_probe(
        "zuora.idempotency-of-actions",
        System.ZUORA,
        "Do actions honour the idempotency key?",
        Fact("once", _actions_honour_the_key, "The record was made twice.", f"A lost answer may make a second payment in mode A. {TELL}"),
        writes=True,
    ),
    Probe(
        "zuora.invoice-bulk",
        System.ZUORA,
        "Are the good invoices of PUT /v1/invoices saved although another one fails?",
        _bulk_partial,
        False,
        words(yes="They are saved.", no="None of the batch is saved."),
        words(yes="Nothing: the product writes such a batch again one by one, and the same values twice do no harm."),
        writes=True,
        option="invoice_bulk_partial",
    ),
    Probe(
        "zuora.actions-on-payments",
        System.ZUORA,
        "Does action/update write payments although Invoice Settlement is on?",
        _actions_on_payments,
        False,
        words(yes="It writes them.", no="It refuses them."),
        words(yes="Set mode_b_payment_status_write to actions: 50 payments take one call."),
        writes=True,
        option="mode_b_actions_on_payments",
    ),
    facts_probe(
        "zuora.read-after-create",
        System.ZUORA,
        "Is a new record found directly after its create?",
        Fact("found", _found_at_once, "It is not found at once.", f"A record that was just made may be taken for a deleted one. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.found-by-integration-id",
        System.ZUORA,
        "Does ZOQL find a new record by its integration id at once?",
        Fact("found", _by_integration_id, "It does not find it.", f"An interrupted create may be made a second time. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.write-back-dates",
        System.ZUORA,
        "Does a write move the updated date of an account?",
        Fact("moves", _own_writes_move, "The date stays as it was.", "Nothing: the product only leaves out its own writes."),
        writes=True,
    ),
    facts_probe(
        "zuora.contact-touches-account",
        System.ZUORA,
        "Does the change of a contact leave its account's updated date as it was?",
        Fact("stays", _contact_leaves_account, "The account's date moves too.", "Nothing: changed addresses travel by themselves."),
        writes=True,
    ),
    Probe(
        "zuora.data-query-lag",
        System.ZUORA,
        "How many seconds is Data Query behind a write, at most?",
        _lag,
        5,
        sentence("A new account was there after {} seconds."),
        lambda seen: "Nothing: what is not there yet is taken up in the next run, and everything is read again before it is written.",
        writes=True,
        option="data_query_lag_s",
    ),
    facts_probe(
        "zuora.data-query-deleted",
        System.ZUORA,
        "Does Data Query with readDeleted tell deleted rows only?",
        Fact("deleted", _only_deleted, "It tells others too.", f"What lives may be taken for deleted in reports. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.tta-values",
        System.ZUORA,
        "Does the transfer flag take the five published values, and no other?",
        Fact("five", _five_values, "It refuses one of them.", f"The mark of a payment cannot be set. {TELL}"),
        Fact("others", _no_other_value, "It takes values of older versions.", "Nothing: the product never writes them."),
        writes=True,
    ),
    facts_probe(
        "zuora.write-paths",
        System.ZUORA,
        "Are marks written by the calls that the product uses?",
        Fact("accounts", _account_path, "action/update does not write accounts.", f"Accounts cannot be marked. {TELL}"),
        Fact("invoices", _invoice_path, "PUT /v1/invoices does not write invoices.", f"Invoices cannot be marked. {TELL}"),
        Fact("payments", _payment_path, "PUT /v1/payments does not write payments.", f"Payments cannot be marked. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.invoice-dates",
        System.ZUORA,
        "Is an invoice update with both dates in one request refused?",
        Fact("dates", _two_dates, "It is taken.", "Nothing: the product never changes dates in Zuora."),
        writes=True,
    ),
    facts_probe(
        "zuora.order-validation",
        System.ZUORA,
        "Is an order of an unknown rate plan refused?",
        Fact("plan", _unknown_plan, "It is taken.", f"Sales orders may make empty subscriptions. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.account-values",
        System.ZUORA,
        "Are accounts checked as published?",
        Fact("number", _own_number_needed, "A number that exists already is taken.", f"A customer may be made twice. {TELL}"),
        Fact("country", _unknown_country, "An unknown country is taken.", "Addresses from NetSuite are not checked by Zuora."),
        Fact("name", _name_stays, "The name can be cleared.", "Nothing: the product never clears it."),
        Fact("contact", _contact_name_stays, "A contact's last name can be cleared.", "Nothing: the product never clears it."),
        Fact("contacts", _two_contacts, "A missing sold-to is the bill-to itself.", "Nothing: the product makes both."),
        writes=True,
    ),
    facts_probe(
        "zuora.items-without-charge",
        System.ZUORA,
        "Has the item of a standalone invoice an empty charge id?",
        Fact("empty", _item_without_charge, "It names a charge.", "Such items may be taken for those of a charge; send the evidence."),
        writes=True,
    ),
)
