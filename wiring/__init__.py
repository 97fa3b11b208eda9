"""THE INTRODUCTIONS: the only place where the story and the world meet."""
