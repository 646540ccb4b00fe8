#!/usr/bin/env python3
"""Makes the README's picture of the HTML report: the top of what `natwise audit --demo --format html` writes.

Usage, after tests/run: target/test-venv/bin/python tests/tools/report_picture.py PICTURE.png
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WIDTH, HEIGHT = 1180, 1590


def main(picture):
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = pathlib.Path(folder) / "report.html"
        subprocess.run([ROOT / "target" / "debug" / "natwise", "audit", "--demo", "--format", "html", "-o", report], check=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready=yes]", state="attached")
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
