"""Every public input of any shape: settings, execution input, revenue configuration, secrets, command line, what is loaded into the
stand-ins, and values in vendors' fields. No traceback, no error without a code, nothing rendered live, nothing lost."""
