#!/usr/bin/env bash
# Makes a fresh clone ready to run: the packages of package-lock.json, and on Linux the programs the sandbox needs.
# Quick when nothing is to do, needs no network then, and never asks a question.
#
#   --tests   also brings the Chromium that the pages are tested in (90 MB to fetch, 300 MB on disk)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- packages ------------------------------------------------------------------------------------------------------

# A copy of the lock that node_modules was installed from. npm's own node_modules/.package-lock.json is rewritten in
# npm's way and its date proves little after a checkout, so bytes are compared, not dates.
stamp=node_modules/.nofx-installed-lock

# True where `npm install` by hand already brought node_modules to what the lock asks for: then nothing is thrown away.
installed_matches_lock() {
  [ -f node_modules/.package-lock.json ] || return 1
  node -e '
    const read = (file) => JSON.parse(require("fs").readFileSync(file, "utf8")).packages;
    const wanted = read("package-lock.json"), present = read("node_modules/.package-lock.json");
    const same = (path) => wanted[path]?.version === present[path]?.version;
    const required = Object.keys(wanted).filter((path) => path && !wanted[path].optional);
    process.exit([...required, ...Object.keys(present)].every(same) ? 0 : 1);
  ' 2>/dev/null
}

install_packages() {
  if [ -L node_modules ]; then
    return # shared with another work tree: npm ci would empty it there, so whoever linked it looks after it
  fi
  if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
    return
  fi
  if ! installed_matches_lock; then
    say 'installing packages (npm ci) …'
    # Warnings are left out: under Node 20 npm would name every package that wants the Node 24 it is just installing.
    npm ci --loglevel=error --no-audit --no-fund </dev/null >&2
  fi
  cp package-lock.json "$stamp"
}

# node-linux-* bring Node 24 as a package; elsewhere the Node that is on the machine has to do.
check_node() {
  if [ -x node_modules/.bin/node ]; then
    return
  fi
  if ! node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
                process.exit(major > 22 || (major === 22 && minor >= 18) ? 0 : 1)'; then
    say "Node $(node --version) is too old and no packaged Node 24 exists for this platform. Install Node 22.18 or newer."
    exit 1
  fi
}

# --- programs ------------------------------------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

may_install() {
  has apt-get && { [ "$(id -u)" -eq 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }
}

# apt tells a long story; it is kept back unless it ends badly.
apt() {
  local story
  if ! story=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
    -o Acquire::Retries=1 "$@" </dev/null 2>&1); then
    printf '%s\n' "$story" | tail -n 5 >&2
    return 1
  fi
}

apt_install() {
  apt install -y --no-install-recommends "$@"
}

have_package_lists() {
  ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1
}

# Fills `missing` (Debian package names) from program:package pairs.
find_missing() {
  missing=''
  local pair
  for pair in git:git bwrap:bubblewrap socat:socat rg:ripgrep; do
    has "${pair%%:*}" || missing="$missing ${pair#*:}"
  done
  missing="${missing# }"
}

install_programs() {
  if [ "$(uname -s)" != Linux ]; then
    has git || say 'git is missing. Install it: nothing works without it.'
    say "bubblewrap, the sandbox, exists on Linux only. Gates and the model's shell refuse to run here unless NOFX_SANDBOX=off says otherwise."
    return
  fi

  find_missing
  if [ -n "$missing" ] && may_install; then
    say "installing $missing (apt-get) …"
    have_package_lists || apt update || true
    # Stale lists name packages the mirror no longer has: refresh them once before giving up.
    # shellcheck disable=SC2086  # one word for each package
    apt_install $missing || { apt update && apt_install $missing; } || true
    find_missing
  fi

  case " $missing " in *' git '*) say 'git is missing. Install it: nothing works without it.' ;; esac
  case " $missing " in
    *' bubblewrap '*)
      say "bubblewrap is missing: gates and the model's shell refuse to run (or run unprotected with NOFX_SANDBOX=off)."
      ;;
  esac
  case " $missing " in
    *' socat '* | *' ripgrep '*)
      say "socat and ripgrep are needed to let a repository's set-up reach its package registry and nothing else; without both it is refused."
      ;;
  esac
  if [ -n "$missing" ]; then
    say "to install what is missing: sudo apt-get install $missing"
  elif ! bwrap --unshare-user --unshare-net --ro-bind / / true 2>/dev/null; then
    say "bubblewrap is here but this machine forbids it user namespaces (a container, or kernel.apparmor_restrict_unprivileged_userns): gates refuse to run unless NOFX_SANDBOX=off says otherwise."
  fi
}

# The Chromium of the tests: Debian's without a window is a fifth smaller, any other will do (tests/support/browser.ts).
install_browser() {
  local program
  for program in chromium-headless-shell chromium chromium-browser google-chrome; do
    has "$program" && return
  done
  if [ "$(uname -s)" = Linux ] && may_install; then
    have_package_lists || apt update || true
    if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
      say 'installing chromium-headless-shell, which the pages are tested in (apt-get) …'
      # Stale lists: as above.
      apt_install chromium-headless-shell || { apt update && apt_install chromium-headless-shell; } || true
    fi
  fi
  has chromium-headless-shell || say 'no Chromium: tests of pages are skipped. On Debian: sudo apt-get install chromium-headless-shell'
}

install_programs
install_packages
check_node
if [ "${1:-}" = --tests ]; then
  install_browser
fi
