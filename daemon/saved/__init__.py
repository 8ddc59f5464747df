"""What the daemon does for saved searches: it compares, keeps links, and runs commands."""
