"""Pictures and films of an avatar."""
