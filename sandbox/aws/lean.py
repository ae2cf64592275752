"""moto loads the models of every service that CloudFormation can make. Those of EC2, of which the stack has nothing, read catalogues of
machines and, for the names of its regions, the whole description of the service: two fifths of what an import of the sandbox takes. Here
the catalogues are empty."""

from __future__ import annotations

import importlib
import sys

import boto3.session
import moto.utilities.utils

from sandbox.aws.patch import put

EC2 = "moto.ec2.models"


def load_ec2() -> None:
    """Loads moto's models of EC2 without their catalogues, unless somebody has loaded them already."""
    if EC2 in sys.modules:
        return
    session, utils = boto3.session.Session, moto.utilities.utils
    regions, read = session.get_available_regions, utils.load_resource
    put(session, "get_available_regions", lambda *_, **__: [])
    put(utils, "load_resource", lambda name: {})
    try:
        importlib.import_module(EC2)
    finally:
        put(session, "get_available_regions", regions)
        put(utils, "load_resource", read)
