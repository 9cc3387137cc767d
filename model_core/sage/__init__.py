"""SAGE (Feng et al. 2024, "Stratified Avatar Generation from Sparse Observations"): head and hands to a full body.

``vqvae`` learns latents of the upper and of the lower half, ``diffusion`` predicts the upper latent from the
observation and the lower one from the observation and the upper latent, ``decoder`` turns both into the full body,
``refiner`` smooths it, and ``model`` puts them together, offline and online.
"""
