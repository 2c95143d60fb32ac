"""Thin typed functions, one module per noun, whose signatures and docstrings a model reads."""
