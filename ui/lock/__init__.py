"""What happens when the window locks, while it is locked, and when its person comes back."""
