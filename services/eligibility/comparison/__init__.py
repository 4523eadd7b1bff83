"""What a candidate ruleset changes, over a set of applications."""
