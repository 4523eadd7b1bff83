"""The demonstration of the registry."""
