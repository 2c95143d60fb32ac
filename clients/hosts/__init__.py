"""The programs that assistants run in, and the configuration by which each starts our server."""
