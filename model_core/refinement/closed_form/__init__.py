"""What refinement leaves is closed by geometry: arms with human wrists, feet on their spots, a steady pelvis."""
