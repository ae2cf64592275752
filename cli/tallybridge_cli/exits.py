"""How errors of a command are shown: one line with the code, one with the next step."""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.console import Console
from typer.exceptions import TyperException

from tallybridge.desk.exits import KNOWN_ERRORS, NO_ACCESS, Code, code_of, explained

__all__ = ["KNOWN_ERRORS", "NO_ACCESS", "Code", "code_of", "explained", "guarded", "show_error"]


def guarded(command: Callable[[], object], *, debug: bool, console: Console) -> int:
    """Run a command and answer its exit code; errors are shown without a traceback unless `debug`."""
    try:
        answer = command()
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return Code.INTERRUPTED
    except TyperException as misuse:
        message = getattr(misuse, "message", "") or str(misuse)
        show_error(console, "USAGE", message, "`tallybridge COMMAND --help` says what a command takes.")
        return Code.CONFIGURATION
    except KNOWN_ERRORS as failed:
        if debug:
            raise
        known = explained(failed)
        show_error(console, known.code, known.message, known.advice)
        return Code.CONFIGURATION if known.set_up else Code.FAILED
    return answer if isinstance(answer, int) else Code.TIED_OUT


def show_error(console: Console, code: str, message: str, advice: str) -> None:
    """An error as every command shows it."""
    console.print(f"[bold red]{code}[/] ", end="")
    console.print(message, markup=False, highlight=False)
    if advice:
        console.print("  Next: ", style="dim", end="")
        console.print(advice, markup=False, highlight=False)
