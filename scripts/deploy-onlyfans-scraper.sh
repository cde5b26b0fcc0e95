#!/usr/bin/env bash
# Deploys what the gate has tested, and brings back what was there if it is not well afterwards.
# Account, region and endpoint are those that every AWS tool finds (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...).
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: scripts/deploy-onlyfans-scraper.sh [options]

  --dry-run              print what would change, and change nothing
  --rollback             bring back what the last deployment from this machine replaced
  --registry             deploy the image registry alone: the first step in a new account
  --image TAG            the image that shall run, by a tag in the registry (default: latest)
  --keep-image           leave the image that runs, and deploy the rest
  --smoke-creator NAME   whose profile the smoke job reads (default: $SMOKE_CREATOR)
  --no-smoke             send no smoke job
  --assembly FOLDER      the cloud assembly (default: synthesised now, or found by its inputs)
  --gate FILE            the gate's verdict (default: gate/gate.json)
  --parameter NAME=VALUE a parameter of the stack HuntazeScraper, such as SiteUrl; may be given several times
  --timeout SECONDS      how long the service may take to be well (default: 900)
TEXT
}

action=deploy image=latest keep_image='' smoke=yes creator=${SMOKE_CREATOR:-} assembly='' timeout=900
gate=$root/gate/gate.json parameters=()
while (($#)); do
    case $1 in
    --dry-run) action=preview ;;
    --rollback) action=rollback ;;
    --registry) action=registry ;;
    --keep-image) keep_image=yes ;;
    --no-smoke) smoke='' ;;
    --image | --smoke-creator | --assembly | --gate | --parameter | --timeout)
        (($# > 1)) || { echo "$1 needs a value" >&2; exit 2; }
        case $1 in
        --image) image=$2 ;;
        --smoke-creator) creator=$2 ;;
        --assembly) assembly=$(realpath -m -- "$2") ;;
        --gate) gate=$(realpath -m -- "$2") ;;
        --parameter)
            [[ $2 != ImageReference=* ]] || { echo 'the image is chosen by --image: its digest is compared' >&2; exit 2; }
            parameters+=(--parameters "HuntazeScraper:$2")
            ;;
        --timeout) timeout=$2 ;;
        esac
        shift
        ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '\033[1;31mdeploy:\033[0m %s\n' "$*" >&2; exit 1; }
release() { "$root/.venv/bin/python" -m infra_cdk.release "$@"; }
# Of the CDK's output only what went wrong is of interest, unless it does go wrong.
cdk() { "$root/scripts/cdk.sh" "$@" --app "$assembly" --ci --no-notices --no-color; }

HUNTAZE_STATE=$(realpath -m -- "${HUNTAZE_STATE:-$root/.huntaze}")
export HUNTAZE_STATE
cd "$root"
[[ -x $root/.venv/bin/aws ]] || "$root/huntaze" --help >/dev/null
aws() { "$root/.venv/bin/aws" "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AWS_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
[[ -n $AWS_REGION ]] || fail 'no region: set AWS_REGION, or choose a profile with AWS_PROFILE'
export AWS_DEFAULT_REGION=$AWS_REGION # the command line, version 1, knows that one alone
account=$(aws sts get-caller-identity --query Account --output text) || fail 'AWS does not know these credentials'
say "account $account, region $AWS_REGION${AWS_ENDPOINT_URL:+, endpoint $AWS_ENDPOINT_URL}"
kept=$HUNTAZE_STATE/deployments/$account-$AWS_REGION # a folder each for what deployments replaced
unfinished=$kept/unfinished                           # what one replaces that has not ended, or was killed
if [[ $action == deploy || $action == rollback ]] && command -v flock >/dev/null; then
    mkdir -p "$HUNTAZE_STATE"
    exec {lock}>"$HUNTAZE_STATE/deployment-$account-$AWS_REGION.lock" # the CDK keeps it too, and may outlive this script
    flock -n "$lock" || fail 'another deployment from this machine is under way: wait for its end'
fi

roll_back() {
    say 'bringing back what was there before'
    release restore "$1" || fail "not everything could be brought back: $1 holds the templates and parameters"
    [[ -f $1/HuntazeScraper.json ]] || fail 'no scraper ran here before: remove the cause, and deploy again'
    release health --timeout "$timeout" || fail 'what was there before is not well either: see the troubleshooting runbook'
}

if [[ $action == rollback ]]; then
    if [[ -f $unfinished/stacks.json ]]; then
        changed=$(release changed "$unfinished")
        [[ -n $changed ]] || rm -r "$unfinished" # it was killed before it changed anything
    fi
    deployments=$(compgen -G "$unfinished/stacks.json" || compgen -G "$kept/*Z/stacks.json" | sort) ||
        fail 'no deployment was made from this machine: deploy an earlier commit instead'
    before=$(dirname "$(tail -n 1 <<<"$deployments")")
    changed=$(release changed "$before")
    [[ -n $changed ]] || fail 'there is nothing to bring back: what runs is what the last deployment replaced'
    roll_back "$before"
    [[ $before != "$unfinished" ]] || rm -r "$before" # it will not end any more
    say 'rolled back'
    exit 0
fi

[[ -n $assembly ]] || assembly=$(./huntaze synth --json | "$root/.venv/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["assembly"])')
[[ -f $assembly/manifest.json ]] || fail "$assembly is no cloud assembly"
name=$(basename "$assembly")
cp -rT "$assembly" "$work/assembly" # what is checked is what is deployed, and the CDK leaves its marks here
assembly=$work/assembly
bootstrap=$(aws ssm get-parameter --name /cdk-bootstrap/hnb659fds/version --query Parameter.Value --output text 2>&1) || {
    [[ $bootstrap == *ParameterNotFound* ]] || fail "whether the account is prepared for the CDK cannot be seen: $bootstrap"
    fail "the account is not prepared for the CDK: scripts/cdk.sh bootstrap aws://$account/$AWS_REGION"
}

if [[ $action == registry ]]; then
    release gate "$assembly" "$gate"
    cdk deploy HuntazeRegistry --require-approval never
    exit 0
fi

existing=$(release existing "$assembly")
reference=''
if [[ -z $keep_image ]]; then
    reference=$(release image "$image")
    parameters+=(--parameters "HuntazeScraper:ImageReference=$reference")
elif ! grep -qx HuntazeScraper <<<"$existing"; then
    fail 'no image runs here that could be kept: deploy without --keep-image'
fi
say "checking the gate's digests"
release gate "$assembly" "$gate" --image-reference "$reference"

if [[ $action == preview ]]; then
    change_set=huntaze-preview-$$
    if [[ -n $existing ]]; then
        mapfile -t stacks <<<"$existing"
        cdk deploy "${stacks[@]}" --exclusively --require-approval never --no-execute --change-set-name "$change_set" \
            "${parameters[@]}" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail 'no change set could be made'; }
    fi
    release preview "$assembly" "$change_set"
    exit 0
fi

if [[ -n $smoke ]]; then
    [[ -n $creator ]] || fail 'whose profile shall the smoke job read? --smoke-creator NAME, or --no-smoke'
    release ready "$creator" || fail 'nothing was deployed: a smoke job could not tell whether it works'
fi
if [[ -f $unfinished/stacks.json ]]; then
    say "the deployment of $(date -u -r "$unfinished" '+%F %R UTC') did not end: a rollback brings back what was there before it"
else
    say "keeping what is deployed now in $kept"
    release save "$assembly" "$unfinished"
fi

take_back() {
    roll_back "$unfinished"
    rm -r "$unfinished" # in the end it replaced nothing
    fail "$1; what was there before runs again"
}

say "deploying assembly $name${reference:+ with image $reference}"
if ! cdk deploy --all --concurrency 3 --require-approval never --progress events "${parameters[@]}" >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    take_back 'the deployment failed'
fi
grep -E '^ ?✅' "$work/log" >&2 || true

say 'waiting until all is well'
release health --timeout "$timeout" || take_back 'the deployment was not well'
if [[ -n $smoke ]]; then
    say "sending a smoke job for $creator"
    release smoke "$creator" >"$work/smoke" || take_back 'the smoke job did not succeed'
fi
# What has changed nothing is not what a rollback undoes.
if changed=$(release changed "$unfinished") && [[ -z $changed ]]; then
    rm -r "$unfinished"
else
    mv "$unfinished" "$kept/$(date -u +%Y%m%dT%H%M%SZ)"
fi
say 'deployed'
