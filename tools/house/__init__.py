"""House library, the source of the shipped templates: `python -m tools.house.build`."""
