"""Rule packages: the règlement as data, read from YAML with every finding at once."""
