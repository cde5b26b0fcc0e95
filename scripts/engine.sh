# shellcheck shell=bash disable=SC2034
# Which engine builds and runs images here; sourced. `choose_engine PLATFORM BUILDS [ENGINE]` sets `engine`, or `hindrances`.

# Says what hinders each, and ends with a status that the gate knows.
without_engine() {
    echo "no engine here builds for $1: $hindrances" >&2
    exit 69
}

# Says why an engine cannot; nothing where it can.
hindrance() {
    local own machine
    case $(uname -m) in x86_64) own=linux/amd64 ;; aarch64 | arm64) own=linux/arm64 ;; *) own=linux/$(uname -m) ;; esac
    case ${2##*/} in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) machine=${2##*/} ;; esac
    command -v "$1" >/dev/null || { echo 'is not installed'; return; }
    "$1" info >/dev/null 2>&1 || { echo 'does not answer'; return; }
    [[ -n $3 && $2 != "$own" ]] || return 0
    case $1 in
    # Its builder of before marks layers as this machine's, whatever they were built for.
    docker) docker buildx inspect 2>/dev/null | grep -q "Platforms:.*$2" || echo "has no buildx for $2" ;;
    *) [[ -e /proc/sys/fs/binfmt_misc/qemu-$machine ]] || echo "finds no QEMU for $2 (Debian: qemu-user-static)" ;;
    esac
}

choose_engine() {
    local candidate found
    hindrances=''
    for candidate in ${3:-docker podman buildah}; do
        found=$(hindrance "$candidate" "$1" "$2")
        [[ -n $found ]] || { engine=$candidate hindrances=''; break; }
        hindrances+="${hindrances:+, }$candidate $found"
    done
    # A change of the root is enough to build our own files, and needs no program that runs containers.
    export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
    [[ -z $hindrances ]]
}

# Whether an engine has the image to build on, or can have it. Docker's builder sees to that itself.
has_base() {
    local base=${1:-docker.io/library/$(sed -n 's/^ARG BASE=//p' Dockerfile)} # by its whole name: short ones find others
    [[ $engine == docker ]] || "$engine" inspect --type image "$base" >/dev/null 2>&1 ||
        "$engine" pull --quiet --platform "$2" "$base" >/dev/null 2>&1 ||
        { hindrances="$engine finds no $base, and no registry that has it: another is named by --base" && return 1; }
}
