"""Questionnaires: their definitions, the order of questions, and the score."""
