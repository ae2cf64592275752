"""`python -m tallybridge_cli`."""

from tallybridge_cli.main import main

main()
