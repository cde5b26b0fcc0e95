#!/usr/bin/env bash
# Runs the virtual clock's suite on another processor, under QEMU's user emulation where this machine has not got it:
#   scripts/clock-on.sh linux/arm64 [options of pytest]
# HUNTAZE_IMAGE_OPTIONS may name engine, base and network, as for the scraper's image.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$root"
platform=${1:-linux/arm64} engine='' base='' options=()
shift || true
read -ra given <<<"${HUNTAZE_IMAGE_OPTIONS-}"
for ((i = 0; i < ${#given[@]}; i++)); do
    case ${given[i]} in
    --base) base=${given[i + 1]} options+=(--build-arg "BASE=${given[i + 1]}") ;;
    --network) options+=(--network "${given[i + 1]}") ;;
    --engine) engine=${given[i + 1]} ;;
    esac
done
# shellcheck source=scripts/engine.sh
. scripts/engine.sh
{ choose_engine "$platform" yes "$engine" && has_base "$base" "$platform"; } || without_engine "$platform"

image=huntaze-vclock-suite:${platform##*/} work=$(mktemp -d) container=''
trap '[[ -z $container ]] || buildah rm "$container" >/dev/null; rm -rf "$work"' EXIT
[[ $engine != buildah ]] || options+=(--layers)
"$engine" build --quiet --platform "$platform" "${options[@]}" --tag "$image" tests/unit/vclock >/dev/null

# The suite by itself: its neighbours, and what they need, stay here.
mkdir -p "$work/suite/tests/unit"
mkdir "$work/suite/plugins"
cp -r emulator/plugins/localprocs "$work/suite/plugins/"
cp tests/__init__.py tests/patience.py "$work/suite/tests/"
cp -r tests/unit/vclock tests/unit/__init__.py "$work/suite/tests/unit/"
printf '[pytest]\ntimeout = 900\n' >"$work/suite/pytest.ini"
command=(python3 -m pytest -q -rs -p no:cacheprovider "$@" tests/unit/vclock)
case $engine in
buildah)
    container=$(buildah from --quiet --platform "$platform" "$image")
    buildah run --volume "$work/suite:/suite" "$container" -- "${command[@]}"
    ;;
*) "$engine" run --rm --platform "$platform" --volume "$work/suite:/suite" "$image" "${command[@]}" ;;
esac
