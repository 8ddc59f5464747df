"""Tags into photos and sidecars: proven harmless before the disk is touched, undone exactly."""
