"""The service under systemd: unit files, its manager, and what the manager is told."""
