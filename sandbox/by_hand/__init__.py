"""What people do in the vendors' own screens and tools, done on the stand-ins: `python -m sandbox.by_hand SYSTEM ACTION ...`."""
