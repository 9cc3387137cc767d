"""Captures of other skeletons to SMPL motion: BVH, skeleton maps, skeletons that nobody knows."""
