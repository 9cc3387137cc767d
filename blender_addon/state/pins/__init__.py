"""Pins in a scene: objects that say where a person's joints are to be, and what refinement is told of them."""
