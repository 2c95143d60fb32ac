"""Removing one record of the local registry, once its plan was agreed to."""
