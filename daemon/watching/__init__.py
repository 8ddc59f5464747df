"""What lies in the folders and what changes there: events, walks, and when a file is finished."""
