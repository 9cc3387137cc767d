"""A character's fingers: which bones they are, and how these turn."""
