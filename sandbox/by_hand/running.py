"""The running sandbox whose stand-ins a person works on."""

from __future__ import annotations

import json
import os
import shlex
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

ENV_FILE = Path("out/sandbox.env")
SECONDS = 60.0
EnvOption = Annotated[Path, typer.Option("--env", help="Environment file of the running sandbox.")]


def address(env: Path, name: str) -> str:
    """A variable of the sandbox's environment file, or of the environment. Ends the command when there is none."""
    if env.is_file():
        for line in env.read_text(encoding="utf-8").splitlines():
            key, _, value = line.removeprefix("export ").partition("=")
            if key == name:
                return "".join(shlex.split(value))
    if name in os.environ:
        return os.environ[name]
    raise fail(f"{env} does not say {name}: start the sandbox with `make sandbox`, or name its file with --env.")


def by_hand(base_url: str, action: str, **given: Any) -> dict[str, Any]:
    """Do an action on a stand-in. Ends the command with what the screen would not let pass."""
    return _post(f"{base_url}/_sandbox/by-hand", {"action": action, **given})


def loaded(base_url: str, objects: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """Enter records, all or none; answers how many of each type. Ends the command with the first that is refused."""
    return dict(_post(f"{base_url}/_sandbox/load", objects)["loaded"])


def _post(url: str, content: Any) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(content).encode())  # noqa: S310 - on loopback
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as refused:
        raise fail(json.loads(refused.read())["errors"][0]["message"]) from refused


def fail(text: str) -> typer.Exit:
    """Say why it does not go on; to be raised."""
    typer.echo(text, err=True)
    return typer.Exit(1)


def json_file(path: Path) -> Any:
    """What a command has printed with --json into a file. Ends the command when it is not readable."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        raise fail(f"{path} is not a readable JSON file: {unreadable}") from unreadable
