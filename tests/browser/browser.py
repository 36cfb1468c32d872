"""A headless browser that lays out many pages in one run: each stands in a frame of its own within one harness."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any


def run(chromium: str, page: str, *options: str, folder: Path, seconds: int = 10) -> str:
    """What the browser prints of a page, written to ``folder``; ``seconds`` are those that the page's clock shows."""
    harness = folder / "harness.html"
    harness.write_text(page, encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options]
    command += [f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={seconds}000", harness.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


def measure(
    chromium: str,
    pages: Mapping[str, str],
    script: str,
    *,
    widths: Iterable[int],
    folder: Path,
    height: int = 900,
    seconds: int = 10,
) -> dict[str, dict[str, Any]]:
    """What ``script`` finds in each page, by the page's name and its width in pixels, such as ``bulletin ar 375``.

    The script is the body of a function of the ``frame``, called once every page is laid out; it may await.
    """
    frames = [
        f'<iframe title="{name} {width}" style="width:{width}px;height:{height}px;border:0" srcdoc="{escape(page)}">'
        "</iframe>"
        for name, page in pages.items()
        for width in widths
    ]
    collect = f"""
const measure = async frame => {{{script}}};
addEventListener('load', async () => {{
  const found = {{}};
  for (const frame of document.querySelectorAll('iframe')) found[frame.title] = await measure(frame);
  document.querySelector('pre').textContent = JSON.stringify(found);
}});
"""
    head = f"<!doctype html><meta charset=utf-8><title>harness</title><script>{collect}</script>"
    dom = run(chromium, f"{head}<pre></pre>{''.join(frames)}", "--dump-dom", folder=folder, seconds=seconds)
    found: dict[str, dict[str, Any]] = json.loads(unescape(re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)[1]))
    return found
