#!/bin/sh
# Gets what the project needs and the machine lacks: uv, Python 3.13, the two locked environments, a Chromium.
# Safe to run again; `huntaze` runs it, with its own words, when something it depends on has changed.
set -eu
unset LD_PRELOAD VCLOCK_PAGE # a shell on the virtual clock may start it; a browser does not end on that clock
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
state=$root/.huntaze
uv_version=0.13.9
log=$state/set-up.log
mkdir -p "$state"
: >"$log"

step() { printf '\033[2m[%s/5]\033[0m %s\n' "$1" "$2"; }
fail() {
    printf '\033[31mset-up stopped:\033[0m %s\n  details: %s\n' "$1" "$log"
    exit 1
}

# One set-up at a time: a second start waits for the first.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$state/set-up.lock"
    flock -n 9 || { echo "another set-up is running; waiting for it"; flock 9; }
fi

step 1 "uv"
if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=$state/tools/bin/uv
    [ -x "$uv" ] ||
        { python3 -m venv "$state/tools" && "$state/tools/bin/pip" install --quiet "uv==$uv_version"; } >>"$log" 2>&1 ||
        { rm -rf "$state/tools" && curl -LsSf https://astral.sh/uv/install.sh | UV_INSTALL_DIR="$state/tools/bin" UV_NO_MODIFY_PATH=1 sh; } >>"$log" 2>&1 ||
        fail "uv cannot be had. Install it by hand: https://docs.astral.sh/uv/getting-started/installation/"
    [ -x "$uv" ] || fail "uv cannot be had. Install it by hand: https://docs.astral.sh/uv/getting-started/installation/"
fi

step 2 "Python $(cat "$root/.python-version")"
"$uv" python find "$(cat "$root/.python-version")" >>"$log" 2>&1 ||
    "$uv" python install "$(cat "$root/.python-version")" >>"$log" 2>&1 ||
    fail "Python $(cat "$root/.python-version") is neither here nor downloadable. Install it with your system's packages or pyenv."

step 3 "the project's locked environment"
# The virtual clock is compiled once; where there is no compiler, one comes as a package.
if command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1; then compiler=''; else compiler='--group compiler'; fi
# shellcheck disable=SC2086 # two words or none
"$uv" sync --quiet --frozen $compiler --project "$root" 2>>"$log" || fail "the packages of uv.lock cannot be had. Is the package index reachable?"

step 4 "the emulator's locked environment (LocalStack)"
"$uv" sync --quiet --frozen --project "$root/emulator/plugins" 2>>"$log" || fail "the packages of emulator/plugins/uv.lock cannot be had. Is the package index reachable?"

[ "${1-}" != emulator ] || exit 0 # it needs no browser; the first other verb gets one

step 5 "Chromium"
runs() { [ -n "$1" ] && timeout 30 "$1" --version </dev/null >>"$log" 2>&1 9>&-; }
# The headless shell first, which is what the task's image has: it starts in half the time of a whole Chromium.
installed() {
    for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name") && runs "$path" && { echo "$path"; return 0; }
    done
    return 1
}
# Playwright's own, by the path it would have; empty where it is not there.
own() {
    path=$("$root/.venv/bin/python" -c 'from playwright.sync_api import sync_playwright as p
with p() as it: print(it.chromium.executable_path)' 2>>"$log") && [ -x "$path" ] && runs "$path" && echo "$path"
}
download() { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT=10000 "$root/.venv/bin/playwright" install --only-shell chromium >>"$log" 2>&1; }
shell_of_own() { find "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}" -type f \( -name chrome-headless-shell -o -name headless_shell \) 2>/dev/null | sort | tail -n 1; }
from_packages() {
    if [ "$(id -u)" = 0 ]; then sudo=''; else sudo='sudo -n'; fi
    # shellcheck disable=SC2086 # sudo is one word, two, or none
    get() { DEBIAN_FRONTEND=noninteractive $sudo apt-get "$@" >>"$log" 2>&1; }
    command -v apt-get >/dev/null 2>&1 && get update -qq &&
        { get install -y -qq --no-install-recommends chromium-headless-shell || get install -y -qq --no-install-recommends chromium; }
}
chromium=$(own) || chromium=$({ download && path=$(shell_of_own) && runs "$path" && echo "$path"; }) ||
    chromium=$(installed) || { from_packages && chromium=$(installed); } ||
    fail "there is no Chromium. Install one (Debian: apt-get install chromium) and start again."
printf '%s\n' "$chromium" >"$state/chromium"

printf '\033[32mset up\033[0m\n'
touch "$state/ready"
