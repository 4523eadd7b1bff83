"""A morning of a town hall: who may what, what is refused, what is erased, what the journal says."""
