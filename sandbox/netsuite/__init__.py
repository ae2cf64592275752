"""A NetSuite account in memory that speaks SuiteTalk REST: record service, SuiteQL, metadata, asynchronous jobs, OAuth 2.0 and TBA.

stand_in = NetSuiteStandIn(NetSuiteOptions(certificate_public_key=public_pem))
server = LoopbackServer(Control(stand_in)).start()
"""

from sandbox.netsuite.options import NetSuiteOptions, new_key_pair
from sandbox.netsuite.standin import NetSuiteStandIn

__all__ = ["NetSuiteOptions", "NetSuiteStandIn", "new_key_pair"]
