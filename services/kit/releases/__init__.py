"""Packages deployed without the code: published once, activated at a date, followed by every process."""
