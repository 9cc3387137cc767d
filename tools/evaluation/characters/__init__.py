"""A motion on many characters: made-up rigs, what is measured of each, a table and pictures."""
