"""The command line `mlcc-registry`, for people and CI: a client of our own server."""
