"""How errors of a command are shown: one line with the code, one with the next step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import typer
from rich.console import Console
from typer.exceptions import TyperException

from tallybridge.desk.exits import KNOWN_ERRORS, NO_ACCESS, Code, code_of, explained
from tallybridge_cli.options import write_json

__all__ = ["KNOWN_ERRORS", "NO_ACCESS", "Code", "as_json", "code_of", "explained", "guarded", "on", "show_error"]


Show = Callable[[str, str, str], None]
"""Shows an error: its code, what is wrong, and the next step."""


def guarded(command: Callable[[], object], *, debug: bool, show: Show) -> int:
    """Run a command and answer its exit code; errors are shown without a traceback unless `debug`."""
    try:
        answer = command()
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        show("NOT-CONFIRMED", "Nothing was done, since nobody has confirmed it.", "Repeat it and say yes; --yes says so beforehand.")
        return Code.INTERRUPTED
    except KeyboardInterrupt:
        show("INTERRUPTED", "The command was ended before it had finished.", "")
        return Code.INTERRUPTED
    except TyperException as misuse:
        message = getattr(misuse, "message", "") or str(misuse)
        show("USAGE", message, "The same command with --help says what it takes.")
        return Code.CONFIGURATION
    except KNOWN_ERRORS as failed:
        if debug:
            raise
        known = explained(failed)
        show(known.code, known.message, known.advice)
        return Code.CONFIGURATION if known.set_up else Code.FAILED
    except Exception as fault:  # the edge of the program: whatever it is, its exit code must not be one that a run could have
        if debug:
            raise
        show("INTERNAL", f"Tallybridge has a fault: {type(fault).__name__}: {fault}", "Repeat it with --debug, and report what it shows.")
        return Code.FAILED
    return answer if isinstance(answer, int) else Code.TIED_OUT


def on(console: Console) -> Show:
    """Shows errors on a console."""
    return partial(show_error, console)


def as_json(code: str, message: str, advice: str) -> None:
    """Shows an error as a JSON document on standard output."""
    write_json({"error": {"code": code, "message": message, "advice": advice}})


def show_error(console: Console, code: str, message: str, advice: str) -> None:
    """An error as every command shows it."""
    console.print(f"[bold red]{code}[/] ", end="")
    console.print(message, markup=False, highlight=False)
    if advice:
        console.print("  Next: ", style="dim", end="")
        console.print(advice, markup=False, highlight=False)
