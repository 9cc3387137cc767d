"""Motion in files of other programs, written without Blender: BVH, VRM animations, and what glTF needs beside it."""
