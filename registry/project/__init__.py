"""Reads `do/` project folders as data and writes adapter confs; executes nothing it finds."""
