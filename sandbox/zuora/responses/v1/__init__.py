"""The v1 family: camelCase fields and business operations (spec sections 12.3 to 12.12)."""
