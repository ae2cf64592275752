"""The set-up of both tenants and of AWS."""
