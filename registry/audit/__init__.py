"""Auditing: what was registered beside what runs."""
