"""A DOOR: operators at a terminal."""
