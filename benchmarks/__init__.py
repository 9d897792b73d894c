"""What takes long, counts seconds or needs photographs: measured here, recorded in results/, drawn
by the lessons.
"""
