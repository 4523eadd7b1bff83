"""The small typed language of rule packages: Python's expression syntax, three-valued, exact."""
