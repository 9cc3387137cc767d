"""Rotations, frames of reference, the skeleton and forward kinematics; numpy, or torch where tensors come in."""
