"""One folder a lesson: what it needs and no other lesson imports."""
