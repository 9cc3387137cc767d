"""Which bone of a character is which: by what was chosen before, by names, by shape."""
