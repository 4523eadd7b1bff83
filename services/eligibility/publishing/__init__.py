"""A ruleset on its way to govern: its check, its comparison, its rulebook, and what is in force."""
