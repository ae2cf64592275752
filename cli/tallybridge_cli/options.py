"""What the commands share: their options, where they write to, and which installation they mean."""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from tallybridge import money
from tallybridge.desk import connection
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.tasks.steps import STEPS
from tallybridge_cli.target import resolve

WIDTH = 200
"""Columns where nobody looks at a terminal, so that files and pipes get whole lines."""


def console_for(stream: TextIO) -> Console:
    """A console that is as wide as the terminal, or wide enough for whole lines."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH)


out = console_for(sys.stdout)
err = console_for(sys.stderr)

EnvOption = Annotated[Path | None, typer.Option("--env", help="Environment file, such as out/sandbox.env.")]
StackOption = Annotated[str | None, typer.Option("--stack", help="Name of the deployed CloudFormation stack.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document instead of text.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
RunArgument = Annotated[str, typer.Argument(help='Run id, its beginning, or "last".')]


silent: ContextVar[bool] = ContextVar("silent", default=True)
"""Whether nothing is said beside what a command answers, as with --json."""


def target_of(env: Path | None, stack: str | None) -> Target:
    """The installation that the options mean; a person is told which one it is, and whether it is a real one."""
    return told_of(resolve(env, stack, os.environ))


def told_of(target: Target) -> Target:
    """The installation, of which a person is told."""
    if not silent.get():
        name, kind = target.source, connection.described(target)
        say(err, Text(f"{name}: {kind}", style="bold red" if kind.startswith(connection.PRODUCTION) else "dim"))
    return target


def known_step(step: str) -> str:
    """A step that exists, or "" where none was named. Raises `ConfigurationError` INPUT."""
    if step and step not in STEPS:
        raise ConfigurationError(f'There is no step "{step}".', place="step", code="INPUT", advice=f"The steps are {', '.join(STEPS)}.")
    return step


def write_json(document: Any) -> None:
    """One JSON document on standard output; amounts are numbers with all their digits."""
    print(money.dumps(document))


def say(console: Console, *parts: RenderableType) -> None:
    """Print parts one below the other; lines are wrapped on a terminal only."""
    for part in parts:
        console.print(part, soft_wrap=not console.is_terminal)
