"""THE HANDS: one file for each thing outside the house."""
