"""Files that a registry keeper writes, read into the facts of the registry."""
