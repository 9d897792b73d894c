"""Grading: exercises found in notebooks, run in processes of their own, and judged here."""
