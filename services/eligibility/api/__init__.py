"""Between the messages of the contract and the types of the logic."""

DOMAIN = "eligibility.microcredit"
"""Of google.rpc.ErrorInfo."""
