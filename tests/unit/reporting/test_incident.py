"""Which mail is due after a run: what is new since the last one, to whom it goes, and when nobody is mailed again."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.reporting.incident import REMIND_AFTER, Due, Mailed, Seen, State, due, kept, state_of
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import Cause, Holds, Level, RunOutcome, RunSummary
from tests.unit.reporting import sample_runs

NOW = datetime(2025, 11, 20, 6, tzinfo=UTC)
PEOPLE = {"run": ["oncall"], "records": ["accountant"], "drift": ["accountant", "admin"]}
FIRST = "<1@eu-west-1.amazonses.com>"


def whom(kinds: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(each for kind in kinds for each in PEOPLE[kind])) or ["everybody"]


def decided(state: State, before: Mailed | None = None, later: timedelta = timedelta(), **more: Any) -> Due:
    asked: dict[str, Any] = {"wanted": bool(state), "every_run": False, "recipients": whom, "incident": "run-1", **more}
    return due(state, before, NOW + later, **asked)


def held(code: str = "INV-V2", count: int = 2, amount: str = "20.00", names: Iterable[str] = ("I1", "I2"), text: str = "waits") -> Cause:
    return Cause(Level.WARNING, code, text, "mend it", ["invoices"], count, list(names), [Holds("Invoice", "USD", count, Decimal(amount))])


def with_causes(*found: Cause, outcome: RunOutcome = RunOutcome.WARNINGS) -> RunSummary:
    summary, _ = sample_runs.clean_run()
    summary.causes, summary.outcome = list(found), outcome
    return summary


def told(state: State, at: datetime = NOW) -> Mailed:
    answer = due(state, None, at, wanted=True, every_run=False, recipients=whom, incident="run-1")
    read = Mailed.from_text(kept(answer.after, FIRST))
    assert read is not None
    return read


HELD = state_of(with_causes(held()))


def test_a_run_that_is_in_order_leaves_nothing_that_is_wrong() -> None:
    assert state_of(sample_runs.clean_run()[0]) == {}
    assert all(state_of(make()[0]) for name, make in sample_runs.RUNS.items() if name not in ("clean", "dry"))


def test_an_incident_begins_with_a_mail_that_says_so() -> None:
    mail = decided(HELD)
    assert (mail.recipients, mail.news, mail.recovered) == (["accountant"], "All of it is new.", False)
    assert (mail.incident, mail.first, mail.counts) == ("run-1", "", True)
    known = told(HELD)
    assert (known.incident, known.first) == ("run-1", FIRST) and known.kinds["records"].seen == HELD["records"]


def test_what_is_kept_survives_as_text() -> None:
    known = told(HELD)
    assert Mailed.from_text(known.to_text()) == known and Mailed.from_text("") is None


def test_nobody_is_mailed_again_while_nothing_changes() -> None:
    assert decided(HELD, told(HELD), timedelta(hours=1)).recipients == ()
    again = deepcopy(with_causes(held(names=("I2", "I1"))))
    assert decided(state_of(again), told(HELD), timedelta(hours=1)).recipients == (), "in another order it is the same"


@pytest.mark.parametrize(
    ("now", "news"),
    [
        ([held(), held("PAY-V4")], "New since the mail of 20 November 2025, 06:00 UTC: PAY-V4."),
        ([held(count=3, names=("I1", "I2", "I3"))], "New since the mail of 20 November 2025, 06:00 UTC: 1 more record."),
        ([held(amount="21.00")], "Other records or amounts since the mail of 20 November 2025, 06:00 UTC: INV-V2."),
        ([held(names=("I1", "I9"))], "Other records or amounts since the mail of 20 November 2025, 06:00 UTC: INV-V2."),
        ([held(count=1, names=("I1",))], "Other records or amounts since the mail of 20 November 2025, 06:00 UTC: INV-V2."),
        ([held("PAY-V4")], "New since the mail of 20 November 2025, 06:00 UTC: PAY-V4. Settled since: INV-V2."),
    ],
    ids=["a cause", "a record", "money", "another record", "fewer", "one for another"],
)
def test_what_changes_is_mailed_in_the_same_thread(now: list[Cause], news: str) -> None:
    mail = decided(state_of(with_causes(*now)), told(HELD), timedelta(minutes=30))
    assert (mail.recipients, mail.news) == (["accountant"], news)
    assert (mail.incident, mail.first) == ("run-1", FIRST)


def test_numbers_and_names_in_a_text_do_not_make_it_another_cause() -> None:
    one, other = (state_of(with_causes(held("RUN-FAILED", 0, "0", (), f'call {n} of "x{n}" failed'))) for n in (1, 2))
    assert one == other
    assert one != state_of(with_causes(held("RUN-FAILED", 0, "0", (), "the login failed")))


def test_a_cause_that_is_told_in_other_words_is_neither_new_nor_settled() -> None:
    mail = decided(state_of(with_causes(held(text="tax code"))), told(HELD), timedelta(hours=1))
    assert mail.news == "Other records or amounts since the mail of 20 November 2025, 06:00 UTC: INV-V2."


def test_a_cause_of_which_one_of_several_is_left_is_told_as_settled() -> None:
    mail = decided(HELD, told(state_of(with_causes(held(), held("PAY-V4")))), timedelta(hours=1))
    assert mail.news == "Settled since the mail of 20 November 2025, 06:00 UTC: PAY-V4."


def test_one_record_or_several_are_the_same_cause() -> None:
    keys = [list(state_of(with_causes(held(text=text)))["records"]) for text in ("Payment P2: no method", "Payment …: no method")]
    assert keys[0] == keys[1]


def test_of_many_records_number_and_money_are_compared() -> None:
    many = [f"I{n}" for n in range(60)]
    one, other = (state_of(with_causes(held(count=60, names=names[:50]))) for names in (many, list(reversed(many))))
    assert one == other != state_of(with_causes(held(count=61, names=many[:50])))


@pytest.mark.parametrize(("later", "reminded"), [(REMIND_AFTER - timedelta(seconds=1), False), (REMIND_AFTER, True)])
def test_a_reminder_comes_after_its_time(later: timedelta, reminded: bool) -> None:
    mail = decided(HELD, told(HELD), later)
    assert bool(mail.recipients) is reminded
    assert not reminded or mail.news == "Unchanged since the mail of 20 November 2025, 06:00 UTC."


def test_the_end_is_mailed_once_to_those_whom_it_concerned() -> None:
    mail = decided({}, told(HELD))
    assert (mail.recipients, mail.recovered, mail.news) == (
        ["accountant"],
        True,
        "What was mailed on 20 November 2025, 06:00 UTC is settled: INV-V2.",
    )
    assert (mail.incident, mail.first, mail.counts, kept(mail.after, "<2@x>")) == ("run-1", FIRST, True, "")
    assert decided({}, None).recipients == ()


def test_what_nobody_wants_to_know_of_any_more_is_the_end_too() -> None:
    """After a failure was mailed, a run with warnings only where mails about warnings are off."""
    mail = decided(HELD, told(state_of(with_causes(outcome=RunOutcome.FAILED))), wanted=False)
    assert mail.recovered and mail.recipients == ["oncall"] and mail.after is None


REMARK = Cause(Level.WARNING, "CM-CUT", "the memo was cut", "shorten it", ["credit_memos"], 1, ["CM1"])
REMARKED = state_of(with_causes(REMARK))


def test_a_remark_is_told_once_and_is_no_incident() -> None:
    mail = decided(REMARKED)
    assert (mail.recipients, mail.incident) == (["oncall"], "") and mail.after is not None
    assert decided(REMARKED, mail.after, timedelta(hours=1)).recipients == ()
    over = decided({}, mail.after, timedelta(hours=1))
    assert (over.recipients, over.recovered, over.counts, over.after) == ((), False, True, None), "forgotten without a mail"
    assert decided(REMARKED, mail.after, REMIND_AFTER).recipients == ["oncall"]


def test_that_a_remark_is_not_made_again_is_no_change_and_not_called_settled() -> None:
    both = state_of(with_causes(held(), REMARK))
    assert decided(HELD, told(both), timedelta(hours=1)).recipients == ()
    assert "Settled" not in decided(state_of(with_causes(held(), held("PAY-V4"))), told(both), timedelta(hours=1)).news


def test_an_incident_ends_with_a_run_that_has_remarks_alone() -> None:
    mail = decided(REMARKED, told(HELD), timedelta(hours=1))
    assert mail.recovered and mail.recipients == ["accountant", "oncall"] and "is settled: INV-V2" in mail.news
    assert isinstance(mail.after, Mailed) and mail.after.incident == "" and mail.after.first == ""
    assert decided(REMARKED, mail.after, timedelta(hours=2)).recipients == ()
    assert kept(mail.after, "<9@x>") == mail.after.to_text(), "a remark begins no thread"


def test_what_follows_a_remark_is_an_incident_of_its_own() -> None:
    known = decided(REMARKED).after
    mail = decided(state_of(with_causes(held(), REMARK)), known, timedelta(hours=1), incident="run-2")
    assert (mail.incident, mail.first, mail.recipients) == ("run-2", "", ["accountant"])
    assert mail.news == "New since the mail of 20 November 2025, 06:00 UTC: INV-V2."


def test_only_the_people_of_what_has_changed_are_mailed() -> None:
    both = with_causes(held())
    both.drift = [Drift("invoices", "Invoice", "DRIFT-AMOUNT", "I7", "id7", "7", "changed", "correct it", "USD", Decimal(7))]
    state = state_of(both)
    assert decided(state).recipients == ["accountant", "admin"]
    more = deepcopy(both)
    more.causes.append(held("PAY-V4"))
    assert decided(state_of(more), told(state), timedelta(hours=1)).recipients == ["accountant"]
    failed = deepcopy(both)
    failed.causes.append(Cause(Level.ERROR, "NS-LOGIN", "refused", "log in", ["run"], 1))
    failed.outcome = RunOutcome.FAILED
    assert decided(state_of(failed), told(state), timedelta(hours=1)).recipients == ["oncall"]


def test_a_run_that_broke_off_settles_nothing_that_it_did_not_look_at() -> None:
    failed = state_of(with_causes(Cause(Level.ERROR, "NS-LOGIN", "refused", "log in", ["run"], 1), outcome=RunOutcome.FAILED))
    mail = decided(failed, told(HELD), timedelta(hours=1), partial=True)
    assert mail.recipients == ["oncall"] and "Settled" not in mail.news and "NS-LOGIN" in mail.news
    assert mail.after is not None and mail.after.kinds["records"].seen == HELD["records"]
    assert decided(failed, mail.after, timedelta(hours=2), partial=True).recipients == ()
    back = decided(HELD, mail.after, timedelta(hours=2))
    assert back.recipients == ["oncall"] and back.news.startswith("Settled since the mail of") and "NS-LOGIN" in back.news


def test_a_kind_that_did_not_change_is_reminded_of_at_its_own_time() -> None:
    state: State = {"run": {"a": Seen("A", 1, "1")}, "records": {"b": Seen("B", 1, "1")}}
    known = told(state)
    changed: State = {**state, "run": {"a": Seen("A", 1, "2")}}
    first = decided(changed, known, timedelta(hours=19))
    assert first.recipients == ["oncall"] and first.after is not None
    later = decided(changed, first.after, REMIND_AFTER + timedelta(hours=1))
    assert later.recipients == ["accountant"]


def test_the_third_failure_in_a_row_is_a_change_and_the_fourth_is_none() -> None:
    failed = sample_runs.failed_run()[0]
    second, third = state_of(failed), state_of(failed, in_a_row=True)
    assert decided(third, told(second), timedelta(minutes=30)).recipients
    assert not decided(third, told(third), timedelta(minutes=30)).recipients


def test_what_is_half_done_is_always_told() -> None:
    failed = sample_runs.failed_run()[0]
    one, other = (state_of(failed, standing=[f"Staged: file-{n}.csv"]) for n in (1, 2))
    assert decided(other, told(one), timedelta(minutes=30)).recipients


def test_who_wants_a_mail_after_every_run_gets_one() -> None:
    assert decided(HELD, told(HELD), timedelta(minutes=1), every_run=True).recipients == ["accountant"]
    assert decided({}, None, wanted=True, every_run=True).recipients == ["everybody"]
    assert decided({}, told(HELD), wanted=True, every_run=True).recipients == ["accountant", "everybody"]


def test_a_run_that_says_nothing_of_the_whole_neither_begins_nor_ends_an_incident() -> None:
    mail = decided(HELD, alone=True)
    assert (mail.recipients, mail.incident, mail.counts) == (["accountant"], "", False)
    assert decided({}, told(HELD), alone=True) == Due()
