"""House library, the source of the shipped templates: `python -m services.documents.house.build`."""
