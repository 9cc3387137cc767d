"""How weights/body.npz is made: people from Anny's shape space, fitted to SMPL's rest pose, rigged with its joints."""
