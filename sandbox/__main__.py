"""`python -m sandbox`: keeps the sandbox running. `python -m sandbox demo`: runs the demo. `python -m sandbox bench`: measures."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from sandbox.aws import StackError
from sandbox.child import ChildFailed
from sandbox.host import Sandbox, SandboxError, options_from

CONFIGURATION, INTERRUPTED = 3, 130


def keep_running() -> int:
    """Start the sandbox and wait until somebody ends it."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    options = options_from(dict(os.environ))
    print("Starting the stand-ins and the embedded AWS with the stack of template.yaml; that takes some seconds.", flush=True)
    with Sandbox(options) as sandbox:
        print(about(sandbox), flush=True)
        stopped.wait()
        print("stopping", flush=True)
    return 0


def about(sandbox: Sandbox) -> str:
    """Where everything is."""
    mode = "on" if sandbox.options.settlement else "off"
    slots, zone = sandbox.options.netsuite_slots or "any number of", sandbox.options.time_zone
    rows = {
        "AWS": sandbox.env["AWS_ENDPOINT_URL"],
        "Zuora": f"{sandbox.addresses.zuora} (Invoice Settlement {mode})",
        "NetSuite": f"{sandbox.addresses.netsuite} ({slots} calls at a time, {zone})",
        "Revenue": f"{sandbox.addresses.revenue} (Zuora Revenue)",
        "Console": f"{sandbox.console_url} (choose a person there)",
        "Data": {"demo": "demo tenant", "empty": "reference data only", "bare": "nothing is set up (docs/setup.md)"}[sandbox.options.data],
        **({"Behaviour": f"as a profile tells, {told} options"} if (told := sum(map(len, sandbox.options.profile.values()))) else {}),
        "Environment": str(sandbox.env_file),
        "Runs": str(sandbox.out / "runs"),
    }
    lines = [f"  {name:<12}{value}" for name, value in rows.items()]
    file = os.path.relpath(sandbox.env_file)
    named = "" if sandbox.env_file.name == "sandbox.env" else f" --env {file}"
    use = [
        f"  Set it up:  .venv/bin/tallybridge setup{named}" if sandbox.is_bare else f"  Run it:     .venv/bin/tallybridge run{named}",
        f"  In a shell: . {file}",
        "  Stop it:    Ctrl-C",
    ]
    return "\n".join(["The sandbox is running.", *lines, *use])


def main() -> int:
    """The entry point; answers the exit code."""
    action = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        if action == "demo":
            from sandbox.demo.show import demo

            return demo()
        if action == "bench":
            from sandbox.bench import main as bench

            return bench()
        if action == "run":
            return keep_running()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SandboxError, ChildFailed, StackError) as failed:
        print(f"The sandbox cannot start. {failed}", file=sys.stderr)
        return CONFIGURATION
    print(f"There is no {action!r}; say demo or bench, or nothing.", file=sys.stderr)
    return CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
