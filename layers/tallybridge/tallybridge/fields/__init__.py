"""The connector's own fields on both sides, as tables: what each step needs, for the doctor, the set-up and the pages."""

from tallybridge.fields.need import Need, Wanted, wanted

__all__ = ["Need", "Wanted", "wanted"]
