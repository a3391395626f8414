#!/usr/bin/env bash
# Provide the browser for the tests: Debian's Chromium, where apt-get has it. Playwright's own
# download is not needed.
set -euo pipefail

say() { printf 'fleetgauge browser: %s\n' "$*" >&2; }

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
command -v apt-get >/dev/null || { say "no Chromium, and no apt-get to install it"; exit 1; }
say "installing chromium"
install() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; }
{ install || { apt-get update -qq && install; }; } >/dev/null || { say "cannot install chromium"; exit 1; }
