"""Questionnaires: choose one, answer it card by card, complete it, and see what it says."""
