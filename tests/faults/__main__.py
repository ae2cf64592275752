"""`python -m tests.faults [WORD ...]`: tries every death and every lost answer (or the proofs whose name has all the words), and prints a
table. Ends with 1 where a case failed. JOBS processes share the work."""

from __future__ import annotations

import sys

from tests.faults.proofs import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
