"""Organisation profiles: who writes the letters, and the texts that change on a date."""
