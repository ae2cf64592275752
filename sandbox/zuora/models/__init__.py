"""State and rules of the tenant. Nothing here knows about HTTP."""
