"""Rendering of a template: docxtpl and jinja2 behind strict data, strict XML and reproducible bytes."""
