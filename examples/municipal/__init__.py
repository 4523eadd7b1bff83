"""What the municipal software does: one file composes the three services."""
