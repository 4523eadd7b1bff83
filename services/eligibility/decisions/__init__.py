"""Recorded decisions: their canonical text, their replay and their explanation."""
