"""What the daemon tells of itself: its log, its status, what takes how long, metrics."""
