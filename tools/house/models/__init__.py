"""The shipped templates, one module each."""
