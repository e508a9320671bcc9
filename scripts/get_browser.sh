#!/bin/sh
# Installs what the browser tests need (Chromium, a Korean font, a Korean voice) where it may.
set -u
missing=""
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="chromium"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
fc-list 2>/dev/null | grep -qi nanum || missing="$missing fonts-nanum"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "== 브라우저 시험 준비 · Installing for the browser tests: $missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 - a list of packages on purpose
  apt-get update -q >/dev/null && apt-get install -qy --no-install-recommends $missing >/dev/null \
    && exit 0
fi
echo "== Without $missing some browser tests skip. On Debian: sudo apt-get install $missing"
exit 0
