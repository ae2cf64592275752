"""The sync steps, one module each: selection, validations, mapping, in the order of their page in the specification."""
