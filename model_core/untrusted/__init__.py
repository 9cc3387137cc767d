"""What comes from outside: files, archives, pickles, JSON and numbers, checked before it is believed (numpy only)."""
