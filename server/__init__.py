"""Assembles the tools into an MCP server: transports, error mapping, telemetry, command line."""
