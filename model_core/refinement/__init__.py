"""Windows of frames refined under FLAG as prior, and the uncertainty of what comes out."""
