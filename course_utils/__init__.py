"""What the lessons of the image classification course import."""
