"""Datasets and evaluators as the content of a SageMaker hub: written, and read back."""
