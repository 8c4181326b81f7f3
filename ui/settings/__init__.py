"""Text size, colours, language, and the clinical limits with their sources."""
