"""Many recordings: where they are, what becomes of each, and Ray Data, which distributes them."""
