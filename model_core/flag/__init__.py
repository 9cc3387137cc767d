"""FLAG (Aliakbarian et al. 2022): a conditional flow over poses, its latent region, refinement and uncertainty."""
