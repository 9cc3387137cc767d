"""What is built in the scene: armature, mesh, keyframes, shape keys, contacts, uncertainty."""
