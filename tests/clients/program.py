"""A foreign program with the stand-in that it is to work with."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sandbox.netsuite import NetSuiteStandIn
from sandbox.zuora import ZuoraStandIn

DRIVERS = Path(__file__).with_name("drivers")
LIMIT_S = 240
S = TypeVar("S", ZuoraStandIn, NetSuiteStandIn)


@dataclass
class Program(Generic[S]):
    """`environment`: where the program is installed; `folder`: for its files; `url`: the stand-in; `told`: the program's variables."""

    stand_in: S
    environment: Path
    folder: Path
    url: str
    told: dict[str, str]

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the program's environment, with nothing but `told` as its variables."""
        called = [str(self.environment / "bin" / command), *arguments]
        return subprocess.run(called, cwd=self.folder, env=self.told, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def lines(self, command: str, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines that a command prints; it must have ended well."""
        done = self.run(command, *arguments)
        assert done.returncode == 0, done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def file(self, name: str, content: Any) -> str:
        """A file for the program: a text, or JSON."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def drive(self, driver: str, **given: Any) -> Any:
        """What a driver prints last, as JSON: a few lines of ours that call a library, run by the library's own interpreter."""
        script, told = DRIVERS / driver, json.dumps({"url": self.url, **given})
        if script.suffix == ".js":
            called, variables = ["node", str(script), told], {**self.told, "NODE_PATH": str(self.environment / "node_modules")}
        else:
            called, variables = [str(self.environment / "bin" / "python"), str(script), told], self.told
        done = subprocess.run(called, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-1000:]
        return json.loads(done.stdout.splitlines()[-1])

    @property
    def keys(self) -> dict[str, str]:
        """The account's token-based authentication."""
        options = self.stand_in.options
        assert not isinstance(self.stand_in, ZuoraStandIn)
        names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
        return {name: getattr(options, name) for name in names}
