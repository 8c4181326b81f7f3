"""Long random runs that look for a broken promise."""
