"""Rigs whose bones follow controls: the controls are what is keyed."""
