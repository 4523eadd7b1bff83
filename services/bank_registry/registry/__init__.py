"""The logic of the registry, pure: periods, territories, reasons, ranking, history."""
