"""Takes README's picture of the site, docs/site.webp, after `make site`.

python docs/make_screenshot.py
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
VIEW = {"width": 1200, "height": 1150}  # down to where readers find their way
WIDTH = 900  # pixels of the picture


def screenshot(page: Path) -> Image.Image:
    """The first screen of a page, by day."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport=VIEW, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
        browser.close()
    height = round(shot.height * WIDTH / shot.width)
    return shot.resize((WIDTH, height), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_build" / "html"
    screenshot(site / "index.html").save(HERE / "site.webp", quality=75, method=6)
