"""A file a step of the workflow."""
