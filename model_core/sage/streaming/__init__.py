"""SAGE online: one frame in, one pose out, from the past alone."""

from .stream import SageStream

__all__ = ["SageStream"]
