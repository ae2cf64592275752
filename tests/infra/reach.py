"""Reads the code of the functions: which stores, AWS calls and environment variables can a handler reach?

A walk over the syntax trees. It follows names that a module defines or imports from the library; of a class that it reaches it follows the
methods whose names are used anywhere it has been. It knows the stores by the names they go by (`runs`, `ledger`, `folder`) and the parts of
the wiring by its methods. It may find too much, never too little, as long as stores keep these names.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "layers" / "tallybridge"
COMMANDS = REPOSITORY / "cli"
STORES = {
    "runs": ("tallybridge.sync.runs", "Runs", "runs"),
    "ledger": ("tallybridge.sync.ledger", "Ledger", "status"),
    "folder": ("tallybridge.sync.folder", "RunFolder", "bucket"),
    "slots": ("tallybridge.sync.slots", "SharedSlots", "runs"),
    "notes": ("tallybridge.sync.folder", "RunFolder", "bucket"),
    "uploads": ("tallybridge.sync.folder", "RunFolder", "uploads"),
    "files": ("tallybridge.revenue.files", "UploadedFiles", "runs"),
    "instance_lock": ("tallybridge.sync.runs", "Runs", "runs"),
    "upload_lock": ("tallybridge.sync.runs", "Runs", "runs"),
    "versions": ("tallybridge.configuration", "Versions", "configuration"),
    "control": ("tallybridge.revenue.control", "Control", "runs"),
    "revenue_runs": ("tallybridge.sync.runs", "Runs", "runs"),
    "problems": ("tallybridge.sync.problems", "Counts", "runs"),
    "state": ("tallybridge.console.kept", "ConsoleState", "runs"),
    "stored": ("tallybridge.sync.reversal", "Plans", "reversals"),
}
"""Name of a store in code: its class, and what it keeps its items in."""
CALLS = {
    "get_item": "dynamodb:GetItem",
    "put_item": "dynamodb:PutItem",
    "update_item": "dynamodb:UpdateItem",
    "delete_item": "dynamodb:DeleteItem",
    "query": "dynamodb:Query",
    "batch_get_item": "dynamodb:BatchGetItem",
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "create_multipart_upload": "s3:PutObject",
    "upload_part": "s3:PutObject",
    "complete_multipart_upload": "s3:PutObject",
    "list_objects_v2": "s3:ListBucket",
    "get_parameter": "ssm:GetParameter",
    "get_parameter_history": "ssm:GetParameterHistory",
    "put_parameter": "ssm:PutParameter",
    "get_secret_value": "secretsmanager:GetSecretValue",
    "put_secret_value": "secretsmanager:PutSecretValue",
    "send_raw_email": "ses:SendRawEmail",
    "list_schedules": "scheduler:ListSchedules",
    "get_schedule": "scheduler:GetSchedule",
    "update_schedule": "scheduler:UpdateSchedule",
    "create_schedule": "scheduler:CreateSchedule",
    "delete_schedule": "scheduler:DeleteSchedule",
    "start_execution": "states:StartExecution",
    "stop_execution": "states:StopExecution",
    "describe_execution": "states:DescribeExecution",
    "describe_state_machine": "states:DescribeStateMachine",
    "sign": "kms:Sign",
    "get_public_key": "kms:GetPublicKey",
    "describe_table": "dynamodb:DescribeTable",
    "head_bucket": "s3:ListBucket",
    "get_account": "ses:GetAccount",
    "get_email_identity": "ses:GetEmailIdentity",
    "get_suppressed_destination": "ses:GetSuppressedDestination",
}
"""boto3 method: the IAM action it needs."""
TOLD_BY = {"s3:GetObject": "s3:ListBucket", "scheduler:UpdateSchedule": "iam:PassRole"}
"""An action, and the one without which it would be refused: a reader counts on being told where there is nothing, and whoever changes a
schedule hands its role on."""
WIRING = "tallybridge.wiring"
WIRINGS = {"tallybridge.revenue.wiring": "RevenueWiring", WIRING: "Wiring"}
"""Module of a wiring: its class; the first one that has a method counts."""
TARGETS = {"tallybridge.desk.target": "Target"}
"""The same for what the operator's desk works on."""
PARTS = {**WIRINGS, **TARGETS}
AWS_CLIENTS = ("mailer", "parameters", "schedules", "states", "client")
"""What clients of AWS are called; `client` is one that a target answers."""
DOCUMENTS = "tallybridge.configuration"
"""Module of the documents that people edit, which parts of the wiring answer."""
LIMITED_CLIENTS = {"netsuite", "datasets"}
"""Parts of the wiring whose calls take slots."""

Function = ast.FunctionDef


@dataclass
class Reached:
    """What a handler can reach: (IAM action, where) with where in runs, status, index, bucket or "", and environment variables."""

    actions: set[tuple[str, str]] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)


@dataclass
class Module:
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def _path(name: str) -> Path:
    """Where a module of the library or of the command line lies, without the end of its name."""
    return (COMMANDS if name.startswith("tallybridge_cli") else LIBRARY) / Path(*name.split("."))


@cache
def module(name: str) -> Module:
    path = _path(name)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return parse(file.read_text(encoding="utf-8")) if file.is_file() else Module()


def parse(text: str) -> Module:
    found = Module()
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tallybridge"):
            found.imported |= {alias.asname or alias.name: (str(node.module), alias.name) for alias in node.names}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found.classes[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.assigned[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.assigned[node.target.id] = node.value
    return found


@cache
def reached_by_command(where: str, command: str) -> Reached:
    """What a command can reach: a function of a module of the command line; not to be changed."""
    walk, at = _Walk(), module(where)
    walk.body(at, at.functions[command])
    return walk.reached


@cache
def reached_by(function: str) -> Reached:
    """What the handler of `functions/<function>/app.py` can reach; not to be changed."""
    app = parse((REPOSITORY / "functions" / function / "app.py").read_text(encoding="utf-8"))
    walk = _Walk()
    walk.body(app, app.functions.get("handler") or app.assigned["handler"])
    return walk.reached


@cache
def _followed(node: ast.AST) -> tuple[ast.Name | ast.Attribute | ast.Call, ...]:
    """What a walk looks at below a node: names that are read, attributes and calls. Many walks come by the same nodes."""
    parts = (part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute | ast.Call))
    return tuple(part for part in parts if not isinstance(part, ast.Name) or isinstance(part.ctx, ast.Load))


class _Walk:
    def __init__(self) -> None:
        self.reached = Reached()
        self.seen: set[object] = set()
        self.used: set[str] = set()
        self.unused: dict[str, list[tuple[Module, Function]]] = {}
        """Methods of classes that were reached, by names that nobody has used yet."""

    def klass(self, at: Module, node: ast.ClassDef) -> None:
        """A class: its bases and fields, the methods that run by themselves, and those whose names are used."""
        if node in self.seen:
            return
        self.seen.add(node)
        for part in (*node.bases, *(each for each in node.body if not isinstance(each, ast.FunctionDef))):
            self.body(at, part)
        for method in (each for each in node.body if isinstance(each, ast.FunctionDef)):
            if method.name in self.used or method.name.startswith("__"):
                self.body(at, method)
            else:
                self.unused.setdefault(method.name, []).append((at, method))

    def use(self, name: str) -> None:
        """A method of this name may be called on any class that was reached."""
        if name not in self.used:
            self.used.add(name)
            for at, method in self.unused.pop(name, ()):
                self.body(at, method)

    def body(self, at: Module, node: ast.AST) -> None:
        if node in self.seen:
            return
        self.seen.add(node)
        for part in _followed(node):
            if isinstance(part, ast.Name):
                self.name(at, part.id)
            elif isinstance(part, ast.Attribute):
                self.attribute(part)
                self.use(part.attr)
                if isinstance(part.value, ast.Name) and (there := _as_module(at, part.value.id)):
                    self.name(module(there), part.attr)
            if isinstance(part, ast.Call) and _last_name(part.func) == "get_paginator":
                self.call(str(getattr(part.args[0], "value", "")), "")
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "variable":
                self.reached.variables |= {arg.value for arg in part.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}

    def name(self, at: Module, name: str) -> None:
        """Follows a function or class of this module or of the library, except stores and wiring, which are known by their methods."""
        if name in at.functions:
            self.body(at, at.functions[name])
        elif name in at.classes and name not in {kind for _, kind, _ in STORES.values()} | set(PARTS.values()):
            self.klass(at, at.classes[name])
        elif name in at.assigned:
            self.body(at, at.assigned[name])
        elif name in at.imported and at.imported[name][0] not in PARTS and not _as_module(at, name):
            source, original = at.imported[name]
            there = module(source)
            if original in there.imported or original in there.functions or original in there.classes or original in there.assigned:
                self.name(module(source), original)

    def attribute(self, part: ast.Attribute) -> None:
        receiver = _last_name(part.value)
        if receiver in STORES:
            self.store(receiver, part.attr)
        elif receiver == "store" and part.attr in CALLS:
            owner = _last_name(part.value.value) if isinstance(part.value, ast.Attribute) else ""
            self.call(part.attr, STORES[owner][2] if owner in STORES else "bucket")
        elif receiver == "wiring":
            self.wiring(part.attr, WIRINGS)
        elif receiver == "target":
            self.wiring(part.attr, TARGETS)
        elif part.attr == "describe_table":
            for place in ("runs", "status"):
                self.call(part.attr, place)
        elif part.attr == "head_bucket":
            self.call(part.attr, "bucket")
        elif receiver == "secrets" and part.attr in CALLS:
            self.call(part.attr, "console")
        elif receiver in AWS_CLIENTS and part.attr in CALLS:
            self.call(part.attr, "")

    def call(self, method: str, place: str) -> None:
        """A boto3 call on a store."""
        action = CALLS[method]
        self.reached.actions.add((action, "index" if (place, method) == ("status", "query") else place))
        if action in TOLD_BY:
            self.reached.actions.add((TOLD_BY[action], place))

    def store(self, store: str, method: str) -> None:
        source, kind, place = STORES[store]
        for call in _calls(source, kind, method):
            self.call(call, place)

    def wiring(self, method: str, among: dict[str, str]) -> None:
        """A part of a wiring or a target: its variables, its own calls, and the slots that a limited client takes."""
        found = next((node for source, kind in among.items() if (node := _methods(source, kind).get(method))), None)
        if found is None or (tuple(among), method) in self.seen:
            return
        self.seen.add((tuple(among), method))
        if isinstance(found.returns, ast.Name) and found.returns.id in (known := module(DOCUMENTS).classes):
            self.klass(module(DOCUMENTS), known[found.returns.id])
        for part in ast.walk(found):
            if isinstance(part, ast.Call) and _last_name(part.func) in ("variable", "table"):
                self.reached.variables |= {arg.value for arg in part.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
            if isinstance(part, ast.Attribute) and part.attr in CALLS:
                self.call(part.attr, "")
            if isinstance(part, ast.Attribute) and _last_name(part.value) == "self":
                self.wiring(part.attr, among)
        if method in LIMITED_CLIENTS:
            for name in _methods(*STORES["slots"][:2]):
                self.store("slots", name)


def _as_module(at: Module, name: str) -> str:
    """The module of the library that a name stands for, "" where it is none."""
    return _module_of(*at.imported[name]) if name in at.imported else ""


@cache
def _module_of(source: str, original: str) -> str:
    """The same for what is imported from a module by its name there."""
    handed_out = module(source).imported.get(original)
    if handed_out and handed_out != (source, original):  # a package hands out what one of its modules is called, too
        return ""
    path = _path(source) / original
    return f"{source}.{original}" if path.is_dir() or path.with_suffix(".py").is_file() else ""


@cache
def _methods(source: str, kind: str) -> dict[str, Function]:
    return {node.name: node for node in module(source).classes[kind].body if isinstance(node, ast.FunctionDef)}


@cache
def _calls(source: str, kind: str, method: str) -> frozenset[str]:
    """The boto3 calls that a store's method makes, by itself or through others of its class."""
    methods, found, open_ends, seen = _methods(source, kind), set(), [method], set()
    while open_ends:
        name = open_ends.pop()
        if name in seen or name not in methods:
            continue
        seen.add(name)
        for part in ast.walk(methods[name]):
            if isinstance(part, ast.Attribute):
                if part.attr in CALLS:
                    found.add(part.attr)
                elif _last_name(part.value) == "self":
                    open_ends.append(part.attr)
    return frozenset(found)


def _last_name(node: ast.AST) -> str:
    """The last name of a receiver: `runs` for runs, self.runs and wiring.runs()."""
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
