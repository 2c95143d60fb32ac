"""Evaluators: registering reward functions and preference models, and listing them."""
