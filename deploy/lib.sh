# Shared by deploy/quickstart, tests/run and .ci/run; POSIX sh, sourced, run from the checkout's root.

export DEBIAN_FRONTEND=noninteractive
log_file=${log_file:-/dev/null}  # where the output of steps goes
resume=${resume:-$0}             # the command that goes on after a failure

say() { for line in "$@"; do printf '%s\n' "$line"; done; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n true 2>/dev/null || say "sudo may ask for your password:" >&2
        sudo -E "$@"
    else
        die "needs root or sudo to run: $*"
    fi
}

# step 'what' command...: one line with the time taken; on failure the last 20 lines and how to go on.
step() {
    what=$1
    shift
    step_began=$(date +%s)
    printf '  %-46s ' "$what"
    if "$@" >>"$log_file" 2>&1; then
        printf '%4d s\n' $(($(date +%s) - step_began))
        return 0
    else
        code=$?
    fi
    printf 'failed after %d s\n' $(($(date +%s) - step_began))
    say "" "The last lines of $log_file:" >&2
    tail -n 20 "$log_file" | sed 's/^/    /' >&2
    say "" "When that is fixed, go on with:  $resume" >&2
    exit "$code"
}

# The packages of the lists (deploy/packages/<name>.txt) that are not installed, on one line.
missing_packages() {
    for list in "$@"; do cat "deploy/packages/$list.txt"; done | while read -r package; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
            printf '%s ' "$package"
    done
}

# Installs packages from Debian. PostgreSQL's package would start a cluster on port 5432 by itself; we
# run our own on a socket, so tell it not to, unless it is there already: an existing one is left alone.
install_packages() {
    case " $* " in
        *" postgresql-15 "*)
            as_root mkdir -p /etc/postgresql-common/createcluster.d
            printf 'create_main_cluster = false\n' |
                as_root tee /etc/postgresql-common/createcluster.d/callerprint.conf >/dev/null
            ;;
    esac
    as_root apt-get update -q && as_root apt-get install -q -y --no-install-recommends "$@"
}

# The user that runs PostgreSQL and the service when we are root, which PostgreSQL refuses.
ensure_user() {
    [ "$(id -u)" -eq 0 ] || return 0
    id callerprint >/dev/null 2>&1 ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin callerprint
}

# promtool comes in the package of a server that would start at once; take the program alone.
ensure_promtool() {
    command -v promtool >/dev/null 2>&1 && return 0
    [ -x build/tools/usr/bin/promtool ] && return 0
    mkdir -p build/tools
    (cd build/tools && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb .)
}

# Parallel jobs: one a core, but 2 GB of memory each.
jobs() {
    cores=$(nproc)
    room=$(awk '/^MemAvailable:/ { print int($2 / 2000000) }' /proc/meminfo)
    if [ "$room" -ge 1 ] && [ "$room" -lt "$cores" ]; then echo "$room"; else echo "$cores"; fi
}
