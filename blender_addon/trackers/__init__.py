"""Recordings as animated empties, and any animated objects as recordings."""
