"""One document: filled, rendered, sealed, with its provenance."""
