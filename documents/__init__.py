"""What docs/ says in, what the pages under /docs show out. Pure: no file, no network, no server."""
