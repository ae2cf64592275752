"""For Python programs that reach the stand-ins under the vendors' host names: certifi names the authority that the environment names."""

import os

try:
    import certifi
except ImportError:
    pass
else:
    certifi.where = lambda: os.environ["REQUESTS_CA_BUNDLE"]
