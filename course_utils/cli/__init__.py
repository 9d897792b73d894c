"""The command line: what runs lessons, and no lesson imports."""
