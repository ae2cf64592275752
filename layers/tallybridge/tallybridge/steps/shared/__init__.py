"""What steps of both directions stand on: the contract with the engine, selection, reference tables, mapping, messages, writers."""
