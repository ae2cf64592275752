"""`python -m sandbox`: keeps the sandbox running. `python -m sandbox demo`: runs the demo. `python -m sandbox bench`: measures."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from sandbox.aws import StackError
from sandbox.host import ENV_FILE, Sandbox, SandboxError, options_from
from sandbox.stand_ins import StandInsFailed

CONFIGURATION, INTERRUPTED = 3, 130


def keep_running() -> int:
    """Start the sandbox and wait until somebody ends it."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Sandbox(options_from(dict(os.environ))) as sandbox:
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
        "Environment": str(sandbox.out / ENV_FILE),
        "Runs": str(sandbox.out / "runs"),
    }
    lines = [f"  {name:<12}{value}" for name, value in rows.items()]
    return "\n".join(["The sandbox is running.", *lines, "  Run it:     .venv/bin/tallybridge run", "  Stop it:    Ctrl-C"])


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
    except (SandboxError, StandInsFailed, StackError) as failed:
        print(f"The sandbox cannot start. {failed}", file=sys.stderr)
        return CONFIGURATION
    print(f"There is no {action!r}; say demo or bench, or nothing.", file=sys.stderr)
    return CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
