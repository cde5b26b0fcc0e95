#!/usr/bin/env bash
# Runs a command in the scraper's image, on this machine's network and with these of its variables:
#   in-image.sh ENGINE IMAGE PLATFORM [NAME ...] -- COMMAND ...
# SIGTERM reaches the command, whose status is this one's.
set -euo pipefail
engine=$1 image=$2 platform=$3 options=()
shift 3
while [[ $1 != -- ]]; do
    options+=(--env "$1=${!1}")
    shift
done
shift
case ${platform##*/} in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) machine='' ;; esac
if [[ $(uname -m) != "$machine" ]]; then
    # Chromium's zygote ends by a trap under QEMU's user emulation.
    # shellcheck disable=SC2016 # the shell in the image expands it
    set -- sh -c 'printf "#!/bin/sh\nexec %s --no-zygote \"\$@\"\n" "$CHROMIUM_PATH" >/tmp/chromium && chmod +x /tmp/chromium &&
        CHROMIUM_PATH=/tmp/chromium exec "$@"' sh "$@"
fi
[[ $engine == buildah ]] ||
    exec "$engine" run --rm --interactive --network host --platform "$platform" "${options[@]}" "$image" "$@"
container=$(buildah from --quiet --platform "$platform" "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
buildah run --network host "${options[@]}" "$container" -- /usr/bin/tini -- "$@" <&0 &
told=''
# buildah would kill the command where it should tell it.
# shellcheck disable=SC2329 # the trap does
tell() {
    local process=$!
    told=yes
    while process=$(pgrep -o -P "$process"); do
        [[ $(tr '\0' ' ' <"/proc/$process/cmdline") == buildah-* ]] || { kill "$process" && return; }
    done
}
trap tell TERM
set +e # a trap that interrupts a wait ends the script otherwise
wait "$!"
code=$?
[[ -z $told ]] || { wait "$!"; code=$?; }
exit "$code"
