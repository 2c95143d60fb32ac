"""Records and tool results as frozen models, one module per noun; no I/O, no AWS, no MCP."""
