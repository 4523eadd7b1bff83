"""The règlement for people: its rules said in French, and what changes between two versions."""
