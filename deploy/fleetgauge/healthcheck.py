"""Say whether the service of this container is ready: exit 0 where its /readyz answers 200."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(f"http://127.0.0.1:{int(sys.argv[1])}/readyz", timeout=4):
        pass
except (OSError, urllib.error.URLError) as error:
    sys.exit(f"not ready: {error}")
