"""What is saved with the file: the people of a scene, and the one way in which recordings and motions come into it."""
