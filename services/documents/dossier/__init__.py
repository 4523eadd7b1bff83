"""Dossiers: which pieces belong, in what order, and what is joined to them."""
