"""The gate of templates: what a Word file may hold, and what it may print."""
