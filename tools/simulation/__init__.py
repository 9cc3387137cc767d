"""Trackers attached to motion capture whose truth is known."""
