#!/usr/bin/env bash
# Builds the scraper's image, looks at what it built, and pushes it: tagged with version, commit and latest.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: scripts/build-scraper-image.sh [options]

  --platform PLATFORM  what it is built for (default: linux/arm64, which Fargate runs)
  --repository URI     where to push (default: ImageRepositoryUri of the stack HuntazeRegistry)
  --no-build           look at and push what is here already for this commit, as a gate built it
  --no-push            build and look, push nothing
  --base IMAGE         the base image, by digest where it must be the same every time (default: the Dockerfile's)
  --network NETWORK    the network that the build runs in, as docker build takes it
  --no-start           do not start it (an architecture that this machine cannot run)
TEXT
}

platform=linux/arm64 repository='' build=yes push=yes start=yes options=()
while (($#)); do
    case $1 in
    --no-build) build='' ;;
    --no-push) push='' ;;
    --no-start) start='' ;;
    --platform | --repository | --base | --network)
        (($# > 1)) || { echo "$1 needs a value" >&2; exit 2; }
        case $1 in
        --platform) platform=$2 ;;
        --repository) repository=$2 ;;
        --base) options+=(--build-arg "BASE=$2") ;;
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

readonly most_bytes=1000000000 most_layers=12 start_seconds=180
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
cd "$root"
docker info >/dev/null 2>&1 || fail 'there is no Docker engine: start one, or let CI build'

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)
commit=$(git rev-parse --short=12 HEAD)
[[ -z $(git status --porcelain -- Dockerfile pyproject.toml uv.lock src) ]] || commit=$commit-dirty
# Images of two architectures may be here side by side.
image=huntaze-onlyfans-scraper:$commit-${platform##*/}
# An attestation makes an index of what is one image.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

[[ -z ${AWS_REGION:-} ]] || export AWS_DEFAULT_REGION=$AWS_REGION # the command line, version 1, knows that one alone
aws() {
    [[ -x .venv/bin/aws ]] || ./huntaze --help >/dev/null
    .venv/bin/aws "$@"
}

if [[ -n $push && -z $repository ]]; then
    repository=$(aws cloudformation describe-stacks --stack-name HuntazeRegistry --output text \
        --query "Stacks[0].Outputs[?OutputKey=='ImageRepositoryUri'].OutputValue") ||
        fail 'there is no registry: scripts/deploy-onlyfans-scraper.sh --registry deploys it'
fi

if [[ -n $build ]]; then
    say "building $image for $platform"
    docker build --quiet --platform "$platform" "${options[@]}" --tag "$image" \
        --label "org.opencontainers.image.version=$version" --label "org.opencontainers.image.revision=$commit" . >/dev/null
fi

say 'looking at it'
docker image inspect "$image" >/dev/null 2>&1 || fail "there is no $image here: load it, or leave out --no-build"
inspect() { docker image inspect --format "$1" "$image"; }
[[ $(inspect '{{.Os}}/{{.Architecture}}') == "$platform" ]] || fail "it is for $(inspect '{{.Os}}/{{.Architecture}}'), not $platform"
[[ $(inspect '{{.Config.User}}') == scraper ]] || fail "it runs as '$(inspect '{{.Config.User}}')', not as scraper"
[[ $(inspect '{{json .Config.Healthcheck}}') == *worker.health* ]] || fail 'it has no health check'
bytes=$(inspect '{{.Size}}') layers=$(inspect '{{len .RootFS.Layers}}')
((bytes <= most_bytes)) || fail "it has $bytes bytes, more than $most_bytes"
((layers <= most_layers)) || fail "it has $layers layers, more than $most_layers"
printf '  %s, %d MB, %d layers, user %s\n' "$platform" $((bytes / 1000000)) "$layers" "$(inspect '{{.Config.User}}')" >&2

if [[ -n $start ]]; then
    say 'starting it'
    # Its queue does not answer: it must start, keep asking, and say that it is well.
    container=$(docker run --detach --platform "$platform" --env-file /dev/stdin "$image" <<'ENV'
AWS_ENDPOINT_URL=http://127.0.0.1:9
AWS_DEFAULT_REGION=us-east-1
AWS_ACCESS_KEY_ID=none
AWS_SECRET_ACCESS_KEY=none
WORKFLOWS_QUEUE_URL=http://127.0.0.1:9/000000000000/workflows.fifo
WORKFLOWS_DLQ_URL=http://127.0.0.1:9/000000000000/dlq.fifo
STATE_TABLE=state
RESULTS_BUCKET=results
CREDENTIALS_SECRET_ID=credentials
ENV
    )
    trap 'docker rm --force --volumes "$container" >/dev/null 2>&1' EXIT
    began=$SECONDS
    until docker exec "$container" python -m huntaze_scraper.worker.health >/dev/null 2>&1; do
        [[ $(docker inspect --format '{{.State.Running}}' "$container") == true ]] ||
            { docker logs --tail 20 "$container" >&2; fail 'it ended by itself'; }
        ((SECONDS - began < start_seconds)) || { docker logs --tail 20 "$container" >&2; fail "it is not well after $start_seconds s"; }
        sleep 1
    done
    printf '  well after %d s\n' $((SECONDS - began)) >&2
    docker exec --interactive "$container" python - <scripts/look-at-glyphs.py ||
        fail 'its browser lacks letters that profiles are written in'
    [[ $(docker exec "$container" id -u) != 0 ]] || fail 'it runs as root'
    docker stop --time 30 "$container" >/dev/null
    code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
    ((code == 0)) || fail "it ended with $code when told to stop"
fi

if [[ -n $push ]]; then
    if [[ $repository == *.dkr.ecr.*.amazonaws.com* ]]; then
        aws ecr get-login-password | docker login --username AWS --password-stdin "${repository%%/*}" >/dev/null
    fi
    for tag in "$version" "$commit" latest; do
        say "pushing $repository:$tag"
        docker tag "$image" "$repository:$tag"
        docker push --quiet "$repository:$tag" >/dev/null
    done
fi
# What the gate notes and the deploy script compares: the digest of the image's configuration. An engine that keeps
# images in containerd calls them by their manifests, so it is read from the image itself.
digest=$(docker image save "$image" | tar -xOf - manifest.json | sed -nE 's|.*"Config":"(blobs/sha256/)?([0-9a-f]{64}).*|\2|p')
[[ -n $digest ]] || fail 'the engine does not tell which configuration the image has'
echo "sha256:$digest"
