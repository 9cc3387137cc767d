"""Keyframes: curves in bulk, seconds and frames, rotation channels."""
