"""Programs that speak MCP to the server, to be used as they are or taken as a beginning."""
