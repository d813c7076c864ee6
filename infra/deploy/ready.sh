#!/usr/bin/env bash
# Makes this folder ready: `ready.sh run | test | bench`. What is already there is left alone, so a second call takes milliseconds.
#   run    .venv with requirements/run.txt, the desk built
#   test   .venv with requirements/test.txt, the npm packages that tests start
#   bench  the load generators, which only `make bench` needs
set -euo pipefail
cd "$(dirname "$0")/../.."
want=$1
mkdir -p .state
PATH=$PATH:/usr/sbin:/sbin

step() {  # step "what" command… : says what is being done, and how long it took
    local what=$1 began=$SECONDS
    shift
    echo "→ $what …"
    "$@" || { echo "✗ $what failed after $((SECONDS - began)) s" >&2; return 1; }
    echo "  $((SECONDS - began)) s"
}

apt() {  # apt package… : from Debian, when we may
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        echo "✗ Please install $* (on Debian: apt-get install $*), then run this again." >&2
        return 1
    fi
    step "asking Debian for $*" _apt "$@"
}
_apt() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null && apt-get install -y -qq --no-install-recommends "$@" </dev/null >.state/apt.log 2>&1 ||
        { tail -n 20 .state/apt.log >&2; return 1; }
}

python() {  # the name of a Python that can run Parley; the locks are made for 3.11
    local name
    for name in ${PYTHON:-} python3.11 python3 /usr/bin/python3.11 /usr/bin/python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

venv() {
    local name
    name=$(python) || { apt python3 python3-venv && name=$(python); } ||
        { echo "✗ Parley needs Python 3.11: install it, or say where it is with PYTHON=/path/to/python3.11." >&2; return 1; }
    "$name" -c 'import venv, ensurepip' 2>/dev/null || apt python3-venv
    step "making .venv with $("$name" --version)" "$name" -m venv --clear .venv
    step "fetching the installer" .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/bootstrap.txt
}

locks() { cat requirements/bootstrap.txt "requirements/$1.txt" | sha256sum | cut -d' ' -f1; }
installed() { [[ $(cat .state/python 2>/dev/null) == "$1 $(locks "$1") $PWD" ]]; }  # a moved folder has dead shebangs

packages() {  # the test lock holds everything of the run lock, so either set may already be enough
    local set=$1 before='' home=''
    [[ -x .venv/bin/python && -x .venv/bin/pip && -x .venv/bin/uv ]] || rm -f .state/python
    if installed test || { [[ $set == run ]] && installed run; }; then return; fi
    [[ ! -f .state/python ]] || read -r before _ home <.state/python
    rm -f .state/python  # from here until the end, an interruption means: from the start
    [[ $home == "$PWD" ]] || venv
    [[ $before != test ]] || set=test  # keep a developer's tools
    step "installing $(grep -c '==' "requirements/$set.txt") locked packages" \
        .venv/bin/python infra/deploy/uv.py pip sync --quiet --require-hashes requirements/bootstrap.txt "requirements/$set.txt"
    echo "$set $(locks "$set") $PWD" >.state/python
}

node_ready() {
    command -v npm >/dev/null && [[ $(node -p 'process.versions.node.split(".")[0]') -ge 20 ]] && return
    echo "✗ $1 needs Node 20 or newer with npm, which is not installed here." >&2
    return 1
}

npm_packages() {  # npm_packages folder : `npm ci` when its lock is new
    local lock=$1/package-lock.json stamp
    stamp=.state/npm-${1//\//-}
    [[ -f $lock ]] || return 0
    [[ -d $1/node_modules && $(cat "$stamp" 2>/dev/null) == $(sha256sum <"$lock") ]] && return
    node_ready "$1"
    step "npm ci in $1" npm ci --prefix "$1" --no-audit --no-fund --loglevel=error </dev/null
    sha256sum <"$lock" >"$stamp"
}

desk() {  # the browser application, built when its sources are new
    [[ -f desk/package-lock.json ]] || return 0
    local now
    now=$(find desk -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum)
    [[ -d desk/dist && $(cat .state/desk 2>/dev/null) == "$now" ]] && return
    npm_packages desk
    step "building the desk" npm run build --prefix desk --silent </dev/null
    echo "$now" >.state/desk
}

case $want in
    run)
        packages run
        desk ;;
    test)
        command -v curl >/dev/null || apt curl  # the pages of docs/ are carried out as they stand
        packages test
        desk
        while IFS= read -r lock; do npm_packages "$(dirname "$lock")"; done \
            < <(find tests -name package-lock.json -not -path '*/node_modules/*') ;;
    bench)
        missing=()
        command -v wrk >/dev/null || missing+=(wrk)
        command -v pgbench >/dev/null || missing+=(postgresql-15)
        [[ ${#missing[@]} == 0 ]] || apt "${missing[@]}" ;;
    *) echo "ready.sh run | test | bench" >&2; exit 2 ;;
esac
