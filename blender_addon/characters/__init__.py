"""Names and rotation modes of other rigs' bones."""
