"""Panels, lists, preferences and what is drawn over the 3D view."""
