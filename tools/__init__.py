"""The commands behind ``python3 tools COMMAND``: one file a command."""
