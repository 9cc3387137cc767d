"""A mesh as a field of heights: what a ray that goes down meets first (numpy only)."""

import numpy as np

FRAMES_TOGETHER = 256
"""Places that are looked up together: those that follow each other are near each other, and so few triangles count."""
LEAST_AREA = 1e-10
"""Square metres, seen from above, from which a triangle is no wall."""
EDGE = 1e-9
"""Part of a triangle by which a place may lie outside: between two triangles there is no gap."""


class Surface:
    """Triangles, from above."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        """``vertices`` (N, 3) in metres, +Y up, ``triangles`` (M, 3) of their indices."""
        corners = vertices.reshape(-1, 3)[triangles.reshape(-1, 3)]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = first[:, 0] * second[:, 2] - first[:, 2] * second[:, 0]
        flat = np.abs(area) > LEAST_AREA
        self.corner, self.first, self.second, self.area = corners[flat, 0], first[flat], second[flat], area[flat]
        self.least, self.most = (limit(corners[flat], axis=1)[:, [0, 2]] for limit in (np.min, np.max))

    def heights(self, places: np.ndarray, below: np.ndarray) -> np.ndarray:
        """Metres (N,) of the highest triangle up to ``below`` (N,) under ``places`` (N, 2), x and z; NaN of none."""
        found = np.full(len(places), np.nan)
        for start in range(0, len(places), FRAMES_TOGETHER):
            some = slice(start, start + FRAMES_TOGETHER)
            found[some] = self._heights(places[some], below[some])
        return found

    def _heights(self, places: np.ndarray, below: np.ndarray) -> np.ndarray:
        near = ((self.least <= places.max(0) + EDGE) & (self.most >= places.min(0) - EDGE)).all(1)
        if not near.any():
            return np.full(len(places), np.nan)
        corner, first, second, area = (part[near] for part in (self.corner, self.first, self.second, self.area))
        x, z = (places[:, None, axis] - corner[:, 2 * axis] for axis in range(2))
        along = (x * second[:, 2] - z * second[:, 0]) / area
        across = (z * first[:, 0] - x * first[:, 2]) / area
        inside = (along >= -EDGE) & (across >= -EDGE) & (along + across <= 1 + EDGE)
        height = corner[:, 1] + along * first[:, 1] + across * second[:, 1]
        height = np.where(inside & (height <= below[:, None]), height, -np.inf).max(1)
        return np.where(np.isinf(height), np.nan, height)
