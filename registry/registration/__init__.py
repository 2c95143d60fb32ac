"""Registering a deployment: the local entry, its model package versions, its CI configuration."""
