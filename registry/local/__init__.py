"""The registry home's JSON files: locked, atomic, shared with MLCC's own commands."""
