#!/usr/bin/env bash
# Builds the scraper's image, looks at what it built, has it carry out jobs where asked, and pushes it: tagged with
# version, commit and latest.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: scripts/build-scraper-image.sh [options]

  --platform PLATFORM  what it is built for (default: linux/arm64, which Fargate runs)
  --repository URI     where to push (default: ImageRepositoryUri of the stack HuntazeRegistry)
  --engine ENGINE      docker, podman or buildah (default: the first that can build for the platform)
  --no-build           look at and push what is here already for this commit, as a gate built it
  --no-push            build and look, push nothing
  --base IMAGE         the base image, by digest where it must be the same every time (default: the Dockerfile's)
  --network NETWORK    the network that the build runs in, as docker build takes it
  --jobs               have it carry out jobs, on an emulator and a fake site of this machine (Linux)
  --no-start           do not start it (an architecture that this machine cannot run)
TEXT
}

platform=linux/arm64 repository='' engine='' base='' build=yes push=yes start=yes jobs='' options=()
while (($#)); do
    case $1 in
    --no-build) build='' ;;
    --no-push) push='' ;;
    --jobs) jobs=yes ;;
    --no-start) start='' ;;
    --platform | --repository | --engine | --base | --network)
        (($# > 1)) || { echo "$1 needs a value" >&2; exit 2; }
        case $1 in
        --platform) platform=$2 ;;
        --repository) repository=$2 ;;
        --engine) engine=$2 ;;
        --base) base=$2 options+=(--build-arg "BASE=$2") ;;
        --network) options+=(--network "$2") ;;
        esac
        shift
        ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done

fail() { printf '\033[1;31mbuild:\033[0m %s\n' "$*" >&2; exit 1; }
[[ -z $push || $platform == linux/arm64 ]] ||
    fail "Fargate runs linux/arm64: an image for $platform is built and looked at with --no-push, and not pushed"

readonly start_seconds=300
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
cd "$root"

# shellcheck source=scripts/engine.sh
. scripts/engine.sh
choose_engine "$platform" "$build" "$engine" || without_engine "$platform"
[[ -z $build ]] || has_base "$base" "$platform" || without_engine "$platform"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)
commit=$(git rev-parse --short=12 HEAD)
[[ -z $(git status --porcelain -- Dockerfile pyproject.toml uv.lock src) ]] || commit=$commit-dirty
# Images of two architectures may be here side by side.
image=huntaze-onlyfans-scraper:$commit-${platform##*/}
# An attestation makes an index of what is one image.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

[[ -z ${AWS_REGION:-} ]] || export AWS_DEFAULT_REGION=$AWS_REGION # the command line, version 1, knows that one alone
set_up() { [[ -x .venv/bin/aws ]] || ./huntaze --help >/dev/null; }
aws() { set_up && .venv/bin/aws "$@"; }

if [[ -n $push && -z $repository ]]; then
    repository=$(aws cloudformation describe-stacks --stack-name HuntazeRegistry --output text \
        --query "Stacks[0].Outputs[?OutputKey=='ImageRepositoryUri'].OutputValue") ||
        fail 'there is no registry: scripts/deploy-onlyfans-scraper.sh --registry deploys it'
fi

work=$(mktemp -d) task=''
trap '[[ -z $task ]] || kill "$task" 2>/dev/null || true; rm -rf "$work"' EXIT

if [[ -n $build ]]; then
    say "building $image for $platform with $engine"
    # The format of Docker has health checks, which that of OCI leaves out.
    [[ $engine == docker ]] || options+=(--format docker --layers)
    "$engine" build --quiet --platform "$platform" "${options[@]}" --tag "$image" \
        --label "org.opencontainers.image.version=$version" --label "org.opencontainers.image.revision=$commit" . >/dev/null
fi

say 'looking at it'
case $engine in
docker) docker image save --output "$work/saved" "$image" ;;
podman) podman image save --quiet --format docker-archive --output "$work/saved" "$image" ;;
buildah) buildah push --quiet "$image" "docker-archive:$work/saved:$image" ;;
esac >/dev/null 2>&1 || fail "there is no $image here: load it, or leave out --no-build"
digest=$(python3 scripts/look-at-image.py "$work/saved" "$platform" 2>"$work/told") || fail "$(<"$work/told")"
cat "$work/told" >&2
rm "$work/saved"

if [[ -n $start ]]; then
    say 'starting it'
    # Its queue does not answer: it must start, keep asking, and say that it is well.
    settings=(
        AWS_ENDPOINT_URL=http://127.0.0.1:9
        AWS_DEFAULT_REGION=us-east-1
        AWS_ACCESS_KEY_ID=none
        AWS_SECRET_ACCESS_KEY=none
        WORKFLOWS_QUEUE_URL=http://127.0.0.1:9/000000000000/workflows.fifo
        WORKFLOWS_DLQ_URL=http://127.0.0.1:9/000000000000/dlq.fifo
        STATE_TABLE=state
        RESULTS_BUCKET=results
        CREDENTIALS_SECRET_ID=credentials
        "HEALTH_PORT=$(python3 -c 'import socket; it = socket.create_server(("127.0.0.1", 0)); print(it.getsockname()[1])')"
    )
    in_image=(env "${settings[@]}" scripts/in-image.sh "$engine" "$image" "$platform" "${settings[@]%%=*}" --)
    "${in_image[@]}" python -m huntaze_scraper.worker >"$work/log" 2>&1 &
    task=$! began=$SECONDS
    until "${in_image[@]}" python -m huntaze_scraper.worker.health >/dev/null 2>&1; do
        kill -0 "$task" 2>/dev/null || { task='' && tail -n 20 "$work/log" >&2; fail 'it ended by itself'; }
        ((SECONDS - began < start_seconds)) || { tail -n 20 "$work/log" >&2; fail "it is not well after $start_seconds s"; }
        sleep 1
    done
    printf '  well after %d s\n' $((SECONDS - began)) >&2
    "${in_image[@]}" python - <scripts/look-at-glyphs.py || fail 'its browser lacks letters that profiles are written in'
    [[ $("${in_image[@]}" id -u) != 0 ]] || fail 'it runs as root'
    kill "$task"
    code=0
    wait "$task" || code=$?
    task=''
    ((code == 0)) || { tail -n 20 "$work/log" >&2; fail "it ended with $code when told to stop"; }
fi
if [[ -n $jobs ]]; then
    say 'having it carry out jobs'
    began=$SECONDS
    set_up
    HUNTAZE_IMAGE="$engine $image $platform" .venv/bin/python -m pytest -q -p no:cacheprovider tests/image >&2 ||
        fail 'it does not carry out its jobs'
    printf '  done after %d s\n' $((SECONDS - began)) >&2
fi

if [[ -n $push ]]; then
    host=${repository%%/*} tls=()
    # Docker asks a registry of this machine without TLS by itself.
    [[ $engine == docker || ! $host =~ ^(127\.0\.0\.1|localhost)(:|$) ]] || tls=(--tls-verify=false)
    if [[ $host == *.dkr.ecr.*.amazonaws.com* ]]; then
        aws ecr get-login-password | "$engine" login --username AWS --password-stdin "$host" >/dev/null
    fi
    for tag in "$version" "$commit" latest; do
        say "pushing $repository:$tag"
        "$engine" tag "$image" "$repository:$tag"
        "$engine" push --quiet "${tls[@]}" "$repository:$tag" >/dev/null
    done
fi
echo "$digest"
