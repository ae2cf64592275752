"""`tallybridge verify`: asks the real systems what the specification could only assume."""

from tallybridge_cli.verify.command import app

__all__ = ["app"]
