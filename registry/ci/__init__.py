"""The configurations that CI tests: what waits, who works on it, how it went."""
