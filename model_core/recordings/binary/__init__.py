"""Binary encodings that formats are written in: BSON and FlatBuffers (standard library and numpy only)."""
