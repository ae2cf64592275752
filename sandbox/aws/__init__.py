"""AWS in process: moto with the stack of `template.yaml`, the real state machine definitions and the real handlers."""

from sandbox.aws.lean import load_ec2

load_ec2()

from sandbox.aws.local import FunctionFailed, LocalAws, StackError  # noqa: E402 - moto, without what load_ec2 left out

__all__ = ["FunctionFailed", "LocalAws", "StackError"]
