"""A demo tenant: what a small software company has in Zuora and NetSuite, with a few records that somebody got wrong.

`tenant.json` is the tenant that `make demo` loads, one record a line, to be read and changed; `tenant_mode_a.json` says what it has instead
without Invoice Settlement. `python -m sandbox.demo` writes both anew.
"""

from sandbox.demo.bench import bench
from sandbox.demo.generate import generate
from sandbox.demo.tenant import DATA_FILE, MODE_A_FILE, Objects, Planted, Tenant, load_tenant

__all__ = ["DATA_FILE", "MODE_A_FILE", "Objects", "Planted", "Tenant", "bench", "generate", "load_tenant"]
