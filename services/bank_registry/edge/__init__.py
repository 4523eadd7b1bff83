"""Between the messages of the contract and the logic."""
