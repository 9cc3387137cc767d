"""Motion capture of other skeletons, turned into SMPL motion: readers, name maps, retargeting, cleaning."""
