"""The roles an account may have. Pure."""

ROLES = frozenset({"counselor", "companion", "supervisor", "admin"})
