"""A recorded decision explained to the person concerned (CRPA, article R. 311-3-1-2), from its package."""
