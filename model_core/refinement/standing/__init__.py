"""Which feet stand, and who stands: what SAGE predicts is steadied where trackers say so, or say nothing."""
