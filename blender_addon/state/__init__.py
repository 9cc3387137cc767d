"""Properties that are saved with the file, and what they mean."""
