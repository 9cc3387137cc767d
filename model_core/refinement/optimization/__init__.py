"""Minimisers that know nothing of bodies: L-BFGS of many small problems at once, and choices in their order."""
