"""Files that are read in a process of their own, so that no window stands still for them."""
