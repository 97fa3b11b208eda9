"""The words of the letters, one catalogue per language, and the texts that are enclosed with them."""
