"""The second person on screen: their own code, and what waits for their signature."""
