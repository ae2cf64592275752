"""Plans: what a dry run says of the next run, in sums and record by record; and having exactly that done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tallybridge.desk import runs
from tallybridge.desk.progress import start, summary_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.parallel import side_by_side
from tallybridge.reporting.words import left_out_words, money_text, plural
from tallybridge.tasks.gl_effect import Effect
from tallybridge.tasks.plans import StepPlan, applied, check, check_same
from tallybridge.tasks.run_file import NAME
from tallybridge.tasks.steps import STEPS, step_class

PAGE = 50
"""Records on a page."""
DOES = ("create", "update", "link", "recover", "held", "refused", "skipped", "unchanged", "unfinished")
"""What a plan does with a record, in the order in which it is told."""
WORDS = {
    "create": "created",
    "update": "changed",
    "link": "linked",
    "recover": "found there, completed in the source",
    "held": "held",
    "refused": "refused",
    "skipped": "left out",
    "unchanged": "unchanged",
    "unfinished": "not gone through",
}
WRITTEN = ("create", "update", "link", "recover")
PERIODS = ("%b %Y", "%B %Y")
"""Forms in which NetSuite names its periods of a month."""


def newest(target: Target) -> str:
    """The id of the newest dry run that has gone through. Raises `ConfigurationError` PLAN-UNKNOWN where there is none."""
    for row in target.runs.recent():
        if row.get("dry_run") and str(row.get("outcome", "")).startswith("completed"):
            return str(row["run_id"])
    text = "There is no plan: no dry run has gone through."
    raise ConfigurationError(text, place="plan", code="PLAN-UNKNOWN", advice="Make one: `tallybridge run --dry-run`.")


# -- in sums -------------------------------------------------------------------------------------------------------------


def overview(target: Target, run_id: str) -> dict[str, Any]:
    """A plan in sums: {"run", "state", "objects", "effect", "unknown", "off", "left_out"}. Raises `ConfigurationError` RUN-UNKNOWN,
    PLAN-UNKNOWN."""
    found = runs.record(target, run_id)
    if not found.get("dry_run"):
        text = f"Run {run_id} was no dry run; it has left no plan."
        raise ConfigurationError(text, place="plan", code="PLAN-UNKNOWN", advice="Name a dry run; `tallybridge runs` lists them.")
    wanted = [step for step in STEPS if (found.get("steps") or {}).get(step)]
    plans = side_by_side(lambda step: StepPlan.load(target.folder(run_id), step), wanted)
    effect = Effect()
    for plan in plans:
        effect.merge(plan.sums.effect)
    summary = summary_of(target, run_id)
    return {
        "run": found,
        "state": state(target, run_id),
        "objects": [_object(plan) for plan in plans if plan.sums.done],
        "effect": [_posting(key, sums) for key, sums in sorted(effect.sums.items(), key=_chronological)],
        "unknown": [_unknown(c, n, a) for c, (n, a) in sorted(effect.unknown().items())],
        "off": [{"period": p, "currency": c, "amount": a, "text": money_text(a, c)} for (p, c), a in sorted(effect.off().items())],
        "silent": effect.silent,
        "silent_text": silent_text(effect.silent) if effect.silent else "",
        "left_out": [{"code": row.code, "text": left_out_words(row)} for row in summary.left_out] if summary else [],
    }


def _object(plan: StepPlan) -> dict[str, Any]:
    """What becomes of the records of a step: {"step", "title", "object", "does": [{"does", "word", "count", "money"}]}."""
    kind, sums = step_class(plan.step), plan.sums.done
    told = []
    for does in DOES:
        tallies = {currency: tally for (what, currency), tally in sums.items() if what == does}
        if tallies:
            money = [money_text(tally.amount, currency) for currency, tally in sorted(tallies.items()) if currency]
            told.append({"does": does, "word": WORDS[does], "count": sum(t.count for t in tallies.values()), "money": money})
    return {"step": plan.step, "title": kind.title, "object": kind.object_label, "does": told}


def _posting(key: tuple[str, str, str, str], sums: tuple[Decimal, Decimal, int]) -> dict[str, Any]:
    account, name, period, currency = key
    debit, credit, lines = sums
    return {
        "account": account,
        "name": name,
        "period": period,
        "currency": currency,
        "debit": debit,
        "credit": credit,
        "lines": lines,
        "debit_text": money_text(debit, currency) if debit else "",
        "credit_text": money_text(credit, currency) if credit else "",
    }


def _chronological(entry: tuple[tuple[str, str, str, str], Any]) -> tuple[str, str, str, bool, str]:
    """Periods by their months, then by currency; in each what is not known comes last."""
    account, name, period, currency = entry[0]
    for form in PERIODS:
        try:
            return (f"{datetime.strptime(period, form).replace(tzinfo=UTC):%Y-%m}", period, currency, not account, name)
        except ValueError:
            continue
    return ("9", period, currency, not account, name)


def silent_text(count: int) -> str:
    """What is said of records that are written and post nothing."""
    what = "Applications, master data, sales orders and what is written to Zuora post nothing in NetSuite."
    return f"{plural(count, 'record')} to be written that {'posts' if count == 1 else 'post'} nothing. {what}"


def _unknown(currency: str, lines: int, amount: Decimal) -> dict[str, Any]:
    text = f"posting account not known for {plural(lines, 'line')}, {money_text(amount, currency)}"
    return {"lines": lines, "currency": currency, "amount": amount, "text": text}


def state(target: Target, run_id: str) -> dict[str, Any]:
    """Whether the plan may be applied: {"applicable", "code", "message", "advice", "applied_by"}."""
    folder = target.folder(run_id)
    by = applied(folder).get("run_id", "") if folder.has(NAME) else ""
    try:
        _checked(target, run_id)
    except TallybridgeError as why:
        return {"applicable": False, "code": why.code, "message": why.message, "advice": why.advice, "applied_by": by}
    return {"applicable": True, "code": "", "message": "", "advice": "", "applied_by": by}


def _checked(target: Target, run_id: str) -> None:
    """What the run that applies a plan will check as well, as far as it is known before. Raises `ConfigurationError`."""
    made = check(target.folder(run_id), target.runs.read(run_id), target.clock.now())
    check_same(made, target.settings().model_dump(mode="json", by_alias=True), made["mode"])


# -- record by record ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanPage:
    """Some records of a plan. `next` is the place behind the last of them, "" at the end."""

    rows: list[dict[str, Any]]
    next: str


def page(target: Target, run_id: str, step: str, does: str = "", after: str = "", size: int = PAGE) -> PlanPage:
    """Records of one step, of which a plan does `does` ("" for all), behind a place. Raises `ConfigurationError` RUN-UNKNOWN,
    PLAN-UNKNOWN."""
    runs.record(target, run_id)
    if step not in STEPS:
        advice = f"The steps are {', '.join(STEPS)}."
        raise ConfigurationError(f'There is no step "{step}".', place="step", code="PLAN-UNKNOWN", advice=advice)
    plan = StepPlan.load(target.folder(run_id), step)
    chosen: list[tuple[str, str, str]] = []
    for place, part, head in _heads(plan, after):
        if does in ("", head["does"]):
            if len(chosen) == size:
                return PlanPage(_rows(plan, chosen), chosen[-1][0])
            chosen.append((place, part, head["id"]))
    return PlanPage(_rows(plan, chosen), "")


def _heads(plan: StepPlan, after: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, part, head) of the records behind a place: pieces, parts and records are counted, so that what lies before is not read."""
    piece, part_name, number = _place(after)
    for at, part in plan.parts(max(0, piece - 1)):
        if at == piece and part["part"] < part_name:
            continue
        for n, head in enumerate(part["heads"], start=1):
            if not (at == piece and part["part"] == part_name and n <= number):
                yield f"{at}.{part['part']}.{n}", part["part"], head


def _place(text: str) -> tuple[int, str, int]:
    piece, _, rest = text.partition(".")
    part, _, number = rest.rpartition(".")
    return (int(piece), part, int(number)) if piece.isdecimal() and number.isdecimal() else (0, "", 0)


def _rows(plan: StepPlan, chosen: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(part for _, part, _ in chosen))
    read = dict(zip(names, side_by_side(plan.records, names), strict=True))
    by_id = {(name, row["id"]): row for name in names for row in read[name]}
    return [told(by_id[part, record_id]) for _, part, record_id in chosen]


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A record of a plan as people are told of it: without what the engine compares."""
    amount = row["amount"]
    known = {name: value for name, value in row.items() if name not in ("digests", "stand_ins", "kind", "planned_code")}
    posts = [_posting((p[0], p[1], p[2], p[3]), (Decimal(str(p[4])), Decimal(str(p[5])), 1)) for p in row["posts"]]
    new = set(row["stand_ins"])
    requests = [{**r, "fields": {k: "new" if v in new else v for k, v in r["fields"].items()}} for r in row["requests"]]
    money = money_text(Decimal(str(amount)), row["currency"]) if amount is not None and row["currency"] else ""
    return {**known, "posts": posts, "requests": requests, "money": money, "word": WORDS[row["does"]]}


def all_rows(target: Target, run_id: str, does: str = "") -> Iterator[dict[str, Any]]:
    """Every record of a plan, step by step, one piece of a batch held at a time."""
    for step in STEPS:
        plan = StepPlan.load(target.folder(run_id), step)
        for _, part in plan.parts():
            for row in plan.records(part["part"]):
                if does in ("", row["does"]):
                    yield {"step": step, **told(row)}


# -- actions -------------------------------------------------------------------------------------------------------------


def apply(target: Target, run_id: str, who: str, reason: str) -> str:
    """Start a run that does exactly what a plan says; answers the execution's ARN. It stands in the audit before. Raises
    `ConfigurationError` PLAN-UNKNOWN, PLAN-NOT-WHOLE, PLAN-OLD, PLAN-APPLIED, PLAN-SETTINGS, INSTRUCTION."""
    if not reason.strip():
        raise ConfigurationError("It is not said why.", place="reason", code="INSTRUCTION", advice="Give a reason; it stands in the audit.")
    _checked(target, run_id)
    return start(target, trigger="manual", dry_run=False, steps=None, plan=run_id, by=who, reason=reason)
