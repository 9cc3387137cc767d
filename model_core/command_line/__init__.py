"""The options of ``animate``, shared by ``python3 tools`` and ``blender --command`` (standard library only)."""
