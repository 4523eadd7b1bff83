"""Programs of the project that no server imports."""
