"""A character's legs: soles, where feet go, and how legs step that turn as the player's do."""
