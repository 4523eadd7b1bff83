"""Packages on their way to service: checked, compared, edited, prepared, compiled."""
