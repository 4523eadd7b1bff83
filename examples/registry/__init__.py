"""A keeper's morning: a file with two bad lines, its difference, a suspension from next Monday, the audit."""
