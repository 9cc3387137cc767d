"""What the extension is shipped as: its manifest, zips that carry the engine, an index for Blender to update from."""
