"""Access: who calls, and what each may do."""
