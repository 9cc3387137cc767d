"""The body: SMPL-format files, shape, joints and skin (numpy only)."""

from .model import DEFAULT_BODY, Body, load_body, skin

__all__ = ["DEFAULT_BODY", "Body", "load_body", "skin"]
