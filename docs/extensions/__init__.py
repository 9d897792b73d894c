"""What the site needs beyond Sphinx and myst-nb."""
