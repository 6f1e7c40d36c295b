#!/usr/bin/env bash
# Tries docker-compose.yml with real containers, under a project name and a port of its own: starts it, submits work, scales, kills a consumer,
# restarts the consumers one by one and then RabbitMQ, all under load; checks the ledger; takes everything down and up again; cleans up.
# Needs Docker with Compose 2, or Podman with podman-compose; bash and curl. Exit code 0: everything was as it should be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

project=messaging-smoke
export MESSAGING_PORT=${MESSAGING_PORT:-18080}
api=http://127.0.0.1:$MESSAGING_PORT
submitted=0
scratch=$(mktemp -d)

find_engine() {
    if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
        engine=docker
        compose=(docker compose -p "$project")
        describe="Docker $(docker version --format '{{.Server.Version}}'), Compose $(docker compose version --short)"
    elif command -v podman >/dev/null && command -v podman-compose >/dev/null; then
        engine=podman
        compose=(podman-compose -p "$project")
        # Its first versions call themselves podman-composer.
        describe="$(podman --version), podman-compose $(podman-compose --version 2>/dev/null | sed -nE 's/^podman-composer? version *//p')"
    else
        echo "No container engine answers: start Docker (with Compose 2), or install podman and podman-compose." >&2
        exit 2
    fi
}

say() { printf '%5d s  %s\n' "$SECONDS" "$*"; }
quietly() { "$@" >>"$scratch/log" 2>&1; }
fail() {
    say "FAILED: $*"
    exit 1
}

# podman-compose knows nothing of the containers that --scale added, and leaves them.
take_down() {
    if [ "$engine" = podman ] && [ -n "$(consumers)" ]; then
        quietly podman stop -t 40 $(consumers) || true
        quietly podman rm $(consumers all) || true
    fi
    quietly "${compose[@]}" down "$@"
}

clean_up() {
    local code=$?
    trap - EXIT INT TERM
    if [ "$code" -ne 0 ]; then
        tail -n 40 "$scratch/log" || true
        "${compose[@]}" logs 2>&1 | tail -n 150 || true
    fi
    take_down -v || true
    rm -rf "$scratch"
    exit "$code"
}

# until_true SECONDS WHAT COMMAND…: asks once a second.
until_true() {
    local limit=$1 what=$2 since=$SECONDS
    shift 2
    until "$@"; do
        [ $((SECONDS - since)) -lt "$limit" ] || fail "$what: not within $limit s"
        sleep 1
    done
}

get() { curl -sf --max-time 15 "$api$1"; }
ready() { get /health/ready | grep -q '"status":"ready"'; }
workers() { get /v1/workers | grep -o '"beatAge"' | wc -l; }
workers_are() { [ "$(workers)" -eq "$1" ]; }
# consumers [all]: those that run, or also those that have stopped.
consumers() { $engine ps ${1:+-a} --format '{{.Names}}' | grep -E "^$project[-_]consumers[-_][0-9]+$" | sort || true; }
container() { $engine ps --format '{{.Names}}' | grep -E "^$project[-_]$1[-_]1$"; }
member() { grep -oE "\"$1\":[0-9]+" | head -n 1 | cut -d: -f2; }

# submit COUNT INPUT: one NDJSON batch; every line has to be accepted.
submit() {
    local count=$1 accepted
    for ((i = 0; i < count; i++)); do
        printf '{"kind":"debug.echo","input":%s,"tags":["smoke"]}\n' "$2"
    done >"$scratch/batch"
    accepted=$(curl -sf --max-time 60 "$api/v1/tasks/batch" -H 'Content-Type: application/x-ndjson' --data-binary @"$scratch/batch" |
        grep -c '"status":202') || true
    submitted=$((submitted + accepted))
    [ "$accepted" -eq "$count" ] || fail "$accepted of $count tasks were accepted"
}

# The ledger's own check covers what is older than a minute, so it is asked until it has seen everything.
all_ended() {
    local ledger
    ledger=$(get /v1/ledger) || return 1
    [ "$(member accepted <<<"$ledger")" = "$submitted" ] && [ "$(member ended <<<"$ledger")" = "$submitted" ] &&
        [ "$(member unaccounted <<<"$ledger")" = 0 ] && [ "$(member rows <<<"$ledger")" = 0 ]
}
none_is() { [ "$(get "/v1/tasks?state=$1&limit=1" | grep -c '"items":\[\]')" -eq 1 ]; }

find_engine
trap clean_up EXIT
trap 'exit 130' INT TERM
say "$describe"
take_down -v || true

say "Building the images"
quietly "${compose[@]}" build
started=$SECONDS
say "Starting: 1 producer, 2 consumers"
quietly "${compose[@]}" up -d --scale consumers=2
until_true 180 "the producer is ready" ready
until_true 60 "two consumers are there" workers_are 2
say "Ready $((SECONDS - started)) s after up, images built"
first=$(curl -sf --max-time 60 "$api/v1/tasks" -H 'Content-Type: application/json' -H 'Prefer: wait=30' \
    -d '{"kind":"debug.echo","input":{"message":"kept"}}') || fail "the first task"
grep -q '"state":"succeeded"' <<<"$first" || fail "the first task: $first"
submitted=1
id=$(grep -oE '"id":"[^"]+"' <<<"$first" | cut -d'"' -f4)

say "At rest:"
$engine stats --no-stream --format '{{.Name}} {{.MemUsage}}' | grep "^$project" | sed 's/^/           /'
say "Users: $(for service in postgres rabbitmq; do quietly true && printf '%s ' "$service=$($engine exec "$(container $service)" id -un)"; done)producer=$($engine top "$(container producer)" 2>/dev/null | awk 'NR==2{print $1}')"

say "Scaling to 4 consumers"
quietly "${compose[@]}" up -d --scale consumers=4
until_true 120 "four consumers are there" workers_are 4
submit 2000 '{"message":"short"}'
submit 1000 '{"message":"working","wait":"PT1S","progressSteps":4}'
submit 200 '{"message":"second time lucky","failTimes":1}'

victim=$(consumers | head -n 1)
say "kill -9 of $victim, tasks running"
quietly "$engine" kill -s KILL "$victim"
submit 1000 '{"message":"working","wait":"PT1S"}'

say "Restarting the other consumers, one after the other"
for consumer in $(consumers); do
    quietly "$engine" restart -t 40 "$consumer"
done
submit 1000 '{"message":"working","wait":"PT1S"}'

say "Restarting RabbitMQ"
quietly "$engine" restart -t 30 "$(container rabbitmq)"
submit 500 '{"message":"accepted while the broker was away"}'
submit 500 '{"message":"working","wait":"PT1S"}'

say "Everything has to end: $submitted tasks"
until_true 300 "every task ended, unaccounted 0, outbox empty" all_ended
say "Ledger: $(get /v1/ledger)"
for state in failed expired cancelled; do
    none_is $state || fail "a task is $state: $(get "/v1/tasks?state=$state&limit=1")"
done

say "Down: what runs drains"
take_down
say "Up again"
started=$SECONDS
quietly "${compose[@]}" up -d --scale consumers=2
until_true 180 "the producer is ready again" ready
say "Ready $((SECONDS - started)) s after up"
[ "$(get "/v1/tasks/$id" | grep -c '"message":"kept"')" -eq 1 ] || fail "the first task is gone"
until_true 60 "two consumers are there again" workers_are 2
say "The first task's result is still there"
curl -sf --max-time 60 "$api/v1/tasks" -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d '{"kind":"debug.echo","input":{"message":"again"}}' |
    grep -q '"state":"succeeded"' || fail "a task after the restart"

say "Passed: $submitted tasks accepted, each ended once and succeeded"
