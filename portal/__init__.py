"""A DOOR: staff at a browser. Pages from the server that work without JavaScript, and are better with it."""
