"""AWS in process: moto with the stack of `template.yaml`, the real state machine definitions and the real handlers."""

from sandbox.aws.local import FunctionFailed, LocalAws, StackError

__all__ = ["FunctionFailed", "LocalAws", "StackError"]
