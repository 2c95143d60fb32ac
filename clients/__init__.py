"""What speaks MCP to the server and imports nothing else of ours."""
