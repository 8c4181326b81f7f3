"""The list of patients with search as you type."""
