"""The hosts that we know; tests/data/hosts/SOURCES.md says where each fact is documented."""

from __future__ import annotations

from clients.hosts.host import Host

_PROJECT_TRUST = "and approve the server when it asks"

HOSTS = {
    "claude-code": Host(
        title="Claude Code",
        format="json",
        servers="mcpServers",
        marked=False,
        user_file=lambda around: around.folder("CLAUDE_CONFIG_DIR", "") / ".claude.json",
        project_file=".mcp.json",
        then=f"start a new session {_PROJECT_TRUST}; /mcp shows it",
    ),
    "claude-desktop": Host(
        title="Claude Desktop",
        format="json",
        servers="mcpServers",
        marked=False,
        user_file=lambda around: (
            around.application_data() / "Claude" / "claude_desktop_config.json"
        ),
        project_file="",
        then="quit Claude Desktop completely and start it again; Settings > Developer shows it",
    ),
    "cursor": Host(
        title="Cursor",
        format="json",
        servers="mcpServers",
        marked=True,
        user_file=lambda around: around.home / ".cursor" / "mcp.json",
        project_file=".cursor/mcp.json",
        then="enable it in Cursor's settings under MCP, where a dot shows whether it runs",
    ),
    "vscode": Host(
        title="VS Code",
        format="json",
        servers="servers",
        marked=True,
        user_file=lambda around: around.application_data() / "Code" / "User" / "mcp.json",
        project_file=".vscode/mcp.json",
        then="run `MCP: List Servers`, start it and confirm that you trust it",
    ),
    "kiro": Host(
        title="Kiro",
        format="json",
        servers="mcpServers",
        marked=False,
        user_file=lambda around: around.home / ".kiro" / "settings" / "mcp.json",
        project_file=".kiro/settings/mcp.json",
        then="Kiro reads the file when it is saved; the MCP servers panel shows it",
    ),
    "codex": Host(
        title="Codex CLI",
        format="toml",
        servers="mcp_servers",
        marked=False,
        user_file=lambda around: around.folder("CODEX_HOME", ".codex") / "config.toml",
        project_file=".codex/config.toml",
        then="start Codex again; /mcp shows it (a project's file counts in trusted projects only)",
    ),
    "gemini": Host(
        title="Gemini CLI",
        format="json",
        servers="mcpServers",
        marked=False,
        user_file=lambda around: around.home / ".gemini" / "settings.json",
        project_file=".gemini/settings.json",
        then="start Gemini CLI again; /mcp shows it",
    ),
}
"""Each host by the name that the command line has for it."""
