"""Translations of what users see."""
