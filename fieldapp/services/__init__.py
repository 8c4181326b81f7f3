"""What a person can do: one user action is one function and one transaction."""
