"""One patient: a header that never scrolls away, and five tabs."""
