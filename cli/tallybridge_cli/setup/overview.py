"""`tallybridge setup` alone: everything from two empty tenants to the first tied-out run, what is done of it, and what is next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from tallybridge.desk.credentials import NAMES, present, settings_so_far
from tallybridge.desk.doctor import Check, examine
from tallybridge.desk.doctor import State as CheckState
from tallybridge.desk.exits import KNOWN_ERRORS, Code, code_of, explained
from tallybridge.desk.target import Target
from tallybridge.documents import read_object
from tallybridge.errors import TallybridgeError
from tallybridge.reporting.words import plural
from tallybridge.sync.runlog import RunSummary
from tallybridge.sync.runs import NOT_THE_WHOLE
from tallybridge_cli import render, watch
from tallybridge_cli.options import out, say, write_json
from tallybridge_cli.setup import aws_mail, netsuite_steps, zuora_steps
from tallybridge_cli.setup.certificate import FOLDER
from tallybridge_cli.setup.steps import Seen, Standing, State, Step, Who
from tallybridge_cli.setup.where import STACK, place_of

LOOK_BACK = 50
"""Runs looked at."""
MARKS = {State.DONE: ("done", "green"), State.OPEN: ("open", "bold yellow"), State.HIDDEN: ("  ? ", "dim")}
NO_STACK = "seen once the stack is deployed"


@dataclass(frozen=True)
class Looked:
    """A step, and how it stands."""

    step: Step
    standing: Standing
    next: str

    def to_json(self) -> dict[str, Any]:
        step, now = self.step, self.standing
        of_step = {"key": step.key, "title": step.title, "who": str(step.who), "minutes": step.minutes, "by_hand": step.by_hand}
        return {**of_step, "state": str(now.state), "detail": now.detail, "next": self.next}


def overview(env: Path | None, stack: str | None, *, json: bool) -> int:
    """Show every step; 0 when all are done, 1 while something is left."""
    seen, trouble = look(env, stack)
    found = [looked(step, seen) for step in steps()]
    done = all(each.standing.state is State.DONE for each in found)
    if json:
        following = next_of(found)
        write_json(
            {
                "done": done,
                "stack": seen.stack,
                "problem": None if trouble is None else {"code": trouble.code, "message": trouble.message, "advice": trouble.advice},
                "next": following.to_json() if following else None,
                "unless_done": [each.step.key for each in before(found, following)] if following else [],
                "steps": [each.to_json() for each in found],
            }
        )
    else:
        say(out, *shown(found))
    return Code.TIED_OUT if done else Code.LEFT_OVER


def look(env: Path | None, stack: str | None) -> tuple[Seen, TallybridgeError | None]:
    """One look at everything, and what kept AWS from being looked at. Nothing is written anywhere."""
    try:
        place = place_of(env, stack)
    except KNOWN_ERRORS as failed:
        trouble = explained(failed)
        return Seen(None, stack or STACK, cache={"trouble": trouble}), trouble
    checks: list[Check] = list(examine(place.target)) if place.target else []
    return Seen(place.target, place.stack, checks, {"option": place.option}), None


def steps() -> tuple[Step, ...]:
    """All of them, in the order in which one needs the other."""
    netsuite = {step.key: step for step in netsuite_steps.STEPS}
    first = [step for key, step in netsuite.items() if key not in AFTER_THE_KEY]
    after = [netsuite[key] for key in AFTER_THE_KEY if key in netsuite]
    return (*DEPLOYING, *first, KEY, *after[:1], *zuora_steps.STEPS, *CONNECTING, *after[1:], *RUNNING)


AFTER_THE_KEY = ("netsuite.certificate", "netsuite.permissions")
"""Steps in NetSuite that need the key pair, and the login."""


def looked(step: Step, seen: Seen) -> Looked:
    """How a step stands; one that cannot be looked at is hidden behind what went wrong."""
    try:
        standing = step.look(seen)
    except KNOWN_ERRORS as failed:
        known = explained(failed)
        standing = Standing(State.HIDDEN, f"{known.code}: {known.message}", known.advice)
    option = str(seen.cache.get("option", f" --stack {seen.stack}"))
    said = (standing.next or step.next).replace("{stack}", seen.stack).replace(f" --stack {seen.stack}", option)
    return Looked(step, standing, "" if standing.state is State.DONE else said)


def next_of(found: Sequence[Looked]) -> Looked | None:
    """The first that is open; else the first that cannot be seen."""
    for state in (State.OPEN, State.HIDDEN):
        for each in found:
            if each.standing.state is state:
                return each
    return None


def before(found: Sequence[Looked], following: Looked) -> list[Looked]:
    """Steps that stand before the next one and cannot be seen yet: somebody may have to do them first."""
    return [each for each in found[: found.index(following)] if each.standing.state is State.HIDDEN]


def shown(found: Sequence[Looked]) -> Iterator[Text]:
    """The list as a person reads it; the next step stands last."""
    for each in found:
        mark, style = MARKS[each.standing.state]
        about = f"{each.step.who}, about {each.step.minutes} min" + (", by hand" if each.step.by_hand else "")
        line = Text.assemble((mark, style), f"  {each.step.title}", (f"  {about}", "dim"))
        if each.standing.detail and each.standing.state is not State.DONE:
            line.append(f"\n      {each.standing.detail}", style="dim")
        yield line
    left = [each for each in found if each.standing.state is not State.DONE]
    minutes = sum(each.step.minutes for each in left)
    yield Text("")
    following = next_of(found)
    if following is None:
        yield Text("All of it is done. `tallybridge schedule --on` lets runs start by themselves.", style="green")
        return
    if hidden := before(found, following):
        yield render.plain("Before it, unless they are done, which cannot be seen yet:")
        yield from (render.plain(f"  {each.step.title}: {each.next}") for each in hidden)
    yield render.plain(f"{plural(len(left), 'step')} left, about {minutes} minutes. Next, by the {following.step.who}:", "bold")
    yield render.plain(f"  {following.step.title}: {following.next}")


# -- the steps of AWS, and those that both sides end in ----------------------------------------------------------------------------


def deployed(seen: Seen) -> Standing:
    if trouble := seen.cache.get("trouble"):
        return Standing(State.OPEN, f"{trouble.code}: {trouble.message}", trouble.advice)
    return Standing(State.DONE, seen.stack) if seen.target else Standing(State.OPEN, f"there is no stack {seen.stack}")


def mail(seen: Seen) -> Standing:
    """The sender is verified, somebody is told, and SES lets each of them be mailed."""
    if seen.target is None:
        return Standing(State.HIDDEN, NO_STACK)
    target, settings = seen.target, settings_so_far(seen.target)
    sender = aws_mail.sender_of(target, settings)
    if not sender or not aws_mail.covered(target, sender):
        return Standing(State.OPEN, f"{sender or 'the sender'} is not verified in Amazon SES")
    if not settings.notified:
        return Standing(State.OPEN, "nobody is told of runs", f"tallybridge setup aws --stack {seen.stack} --recipient ADDRESS")
    if not target.client("sesv2").get_account().get("ProductionAccessEnabled"):
        strangers = [each for each in settings.notified if not aws_mail.covered(target, each)]
        if strangers:
            return Standing(State.OPEN, f"in the mail sandbox {', '.join(strangers)} cannot be mailed: not verified")
    return Standing(State.DONE, f"from {sender} to {', '.join(settings.notified)}")


def key_made(seen: Seen) -> Standing:
    """The key is in the secret, or still in the folder in which it was made."""
    if seen.works("Credentials", "secret"):
        return Standing(State.DONE, "in the secret")
    return Standing(State.DONE, str(FOLDER)) if FOLDER.is_dir() and any(FOLDER.iterdir()) else Standing(State.OPEN)


def filled_in(seen: Seen) -> Standing:
    """Both logins work."""
    if seen.target is None:
        return Standing(State.HIDDEN, NO_STACK)
    if empty := [NAMES[system] for system in ("zuora", "netsuite") if not present(seen.target)[system]]:
        return Standing(State.OPEN, f"the secret lacks {' and '.join(empty)}")
    failed = [c for c in (*seen.of("Credentials"), *seen.of("Zuora", "login"), *seen.of("NetSuite", "login")) if c.state is CheckState.FAIL]
    if failed:
        return Standing(State.OPEN, failed[0].detail)
    works = seen.works("Zuora") and seen.works("NetSuite")
    return Standing(State.DONE, "both logins work") if works else Standing(State.HIDDEN, "seen once there are settings")


def saved(seen: Seen) -> Standing:
    if seen.target is None:
        return Standing(State.HIDDEN, NO_STACK)
    document = next(iter(seen.target.configuration().documents()), "{}")
    own = [key for key in read_object(document) if not key.startswith("notify_")]
    if own or healthy(seen).state is State.DONE:
        return Standing(State.DONE, f"{plural(len(own), 'setting')} beside those about mails")
    return Standing(State.OPEN, "nothing was saved" if document == "{}" else "nothing but who is mailed was saved")


def healthy(seen: Seen) -> Standing:
    """No check of the doctor fails, and both sides were reached."""
    if seen.target is None:
        return Standing(State.HIDDEN, NO_STACK)
    failed = [c for c in seen.checks if c.state is CheckState.FAIL]
    if failed:
        return Standing(State.OPEN, f"{failed[0].area}: {failed[0].name}: {failed[0].detail}")
    return Standing(State.DONE, "no check fails") if seen.works("NetSuite") else Standing(State.HIDDEN, "seen once both logins work")


def rehearsed(seen: Seen) -> Standing:
    """A dry run, or a real one, has come to its end."""
    ended = [run for run, _ in _ended(seen)]
    return Standing(State.DONE, str(ended[0]["run_id"])) if ended else _no_run(seen, "there was no dry run")


def tied_out(seen: Seen) -> Standing:
    """A whole run has ended, and what it sent is the money of the source."""
    whole = [(run, summary) for run, summary in _ended(seen) if not any(run.get(name) for name in NOT_THE_WHOLE)]
    for run, summary in whole:
        if code_of(summary) is Code.TIED_OUT:
            return Standing(State.DONE, str(run["run_id"]))
    if whole:
        run = whole[0][0]
        return Standing(State.OPEN, f"run {run['run_id']} has left something", f"tallybridge status --stack {seen.stack}")
    return _no_run(seen, "there was no run yet")


def _no_run(seen: Seen, text: str) -> Standing:
    return Standing(State.OPEN, text) if seen.target else Standing(State.HIDDEN, NO_STACK)


def _ended(seen: Seen) -> list[tuple[dict[str, Any], RunSummary]]:
    """Runs that have come to their end with a summary, newest first."""
    if seen.target is None:
        return []
    if "ended" not in seen.cache:
        seen.cache["ended"] = list(_summaries(seen.target))
    return list(seen.cache["ended"])


def _summaries(target: Target) -> Iterator[tuple[dict[str, Any], RunSummary]]:
    for run in target.runs.recent(LOOK_BACK):
        summary = watch.summary_of(target, str(run["run_id"])) if run.get("ended") else None
        if summary is not None and code_of(summary) in (Code.TIED_OUT, Code.LEFT_OVER):
            yield run, summary


DEPLOYING = (
    Step("aws.stack", "Deploy the stack", Who.AWS, 15, "tallybridge setup aws --stack {stack}", deployed),
    Step(
        "aws.mail", "Mail: sender, recipients, mail sandbox", Who.AWS, 10, "tallybridge setup aws --stack {stack} --recipient ADDRESS", mail
    ),
)
KEY = Step("netsuite.key", "Make key and certificate for NetSuite", Who.OPERATOR, 1, "tallybridge setup certificate", key_made)
CONNECTING = (
    Step(
        "credentials",
        "Fill in the credentials",
        Who.OPERATOR,
        5,
        "tallybridge setup credentials --stack {stack}",
        filled_in,
    ),
    Step("settings", "Save the settings", Who.OPERATOR, 15, "tallybridge settings save settings.json --stack {stack}", saved),
)
RUNNING = (
    Step("doctor", "Have everything checked", Who.OPERATOR, 5, "tallybridge doctor --stack {stack}", healthy),
    Step("dry-run", "See what the first run would do", Who.OPERATOR, 5, "tallybridge run --dry-run --stack {stack}", rehearsed),
    Step("run", "The first run, tied out", Who.OPERATOR, 5, "tallybridge run --stack {stack}", tied_out),
)
