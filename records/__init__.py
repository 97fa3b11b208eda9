"""THE MEMORY: what we know, in tables."""
