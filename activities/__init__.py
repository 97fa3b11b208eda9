"""THE STEPS: each asks the world for one thing, safely more than once."""
