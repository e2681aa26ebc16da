#!/bin/sh
# What the tests need besides Python: a browser, PostgreSQL, Redis, node, npm, proxies, systemd. Installs what is missing
# where it may (root, apt-get); else names it, and with CI=true fails, so that nothing is skipped there. `has chromium`
# only answers.
set -u

has() {
    case $1 in
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    postgresql) ls /usr/lib/postgresql/*/bin/initdb || command -v initdb ;;
    redis-server) command -v redis-server || command -v valkey-server ;;
    node) node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ;;
    nginx | haproxy) command -v "$1" || [ -x "/usr/sbin/$1" ] ;;
    systemd) command -v systemd-analyze && command -v systemd-socket-activate ;; # it need not run
    npm) command -v npm ;; # Debian's nodejs comes without, others' with it
    esac >/dev/null 2>&1
}

missing() {
    for package in chromium postgresql redis-server node npm nginx haproxy systemd; do
        has "$package" || printf '%s ' "$package"
    done
}

if [ "${1:-}" = has ]; then
    has "$2"
    exit
fi
wanted=$(missing)
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing what the tests need: $wanted"
    apt-get update -qq
    for package in $wanted; do
        [ "$package" = node ] && package=nodejs
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
        case $package in nginx | haproxy | redis-server) # Debian starts them; the tests start their own, on other ports
            service "$package" stop >/dev/null 2>&1
            update-rc.d "$package" disable >/dev/null 2>&1 ;;
        esac
    done
    wanted=$(missing)
    [ -n "$wanted" ] || exit 0
fi
echo "SKIPPED: the tests that need $wanted(node: 20 or newer), which this machine does not have."
[ "${CI:-}" != true ]
