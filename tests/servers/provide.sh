#!/usr/bin/env bash
# Provide the servers the tests need: a Debian 13 userland in a cache folder, whose path goes to
# stdout. Built once, about a minute as root; the host itself gets debootstrap and nothing else.
set -euo pipefail

readonly RECIPE=3 # raise it when anything below changes what is installed
readonly SUITE=trixie
readonly PACKAGES=(
  postgresql-17 postgresql-17-timescaledb
  mosquitto mosquitto-clients rabbitmq-server pgbouncer
  prometheus prometheus-alertmanager docker-compose
)
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly BASE=${FLEETGAUGE_SERVERS_DIR:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/fleetgauge/servers}
readonly USERLAND=$BASE/$SUITE-$RECIPE # one folder a recipe: a rebuild disturbs no running session
readonly STAMP=etc/fleetgauge-recipe
readonly LOG=$BASE/build.log

say() { printf 'fleetgauge servers: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
logged() { "$@" >>"$LOG" 2>&1 </dev/null; }

main() {
  [[ $(id -u) == 0 ]] || die "building and entering the userland needs root"
  [[ $BASE == /* ]] || die "FLEETGAUGE_SERVERS_DIR must be an absolute path: $BASE"
  mkdir -p "$BASE" || die "cannot make the cache folder $BASE"
  exec 9>"$BASE/.lock"
  flock 9 # a second run waits here, then finds the first one's result
  if ! complete "$USERLAND"; then
    check_host
    remove_left_overs
    build
  fi
  touch "$USERLAND/$STAMP"
  printf '%s\n' "$USERLAND"
}

complete() { [[ -f $1/$STAMP && $(<"$1/$STAMP") == "$RECIPE" ]]; }

check_host() {
  command -v apt-get >/dev/null || die "no apt-get: the servers can be built on Debian or Ubuntu only"
  unshare --mount true 2>/dev/null || die "no permission to mount (CAP_SYS_ADMIN): use a privileged container"
  : >"$LOG"
  local missing=()
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  [[ -f $KEYRING ]] || missing+=(debian-archive-keyring)
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  install_on_host "${missing[@]}" || die "cannot install ${missing[*]} with apt-get, see $LOG"
}

install_on_host() {
  local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
  logged "${install[@]}" || { logged apt-get update && logged "${install[@]}"; }
}

# Only folders of ours, under the lock, and never one that a process still has as its root, or that
# another checkout with another recipe has used in the last week: it may be between two tests.
remove_left_overs() {
  local folder
  for folder in "$BASE"/.build.* "$BASE/$SUITE"-*; do
    [[ -d $folder ]] || continue
    [[ -n $(find "$folder/$STAMP" -mtime -7 2>/dev/null) ]] && continue
    readlink /proc/[0-9]*/root 2>/dev/null | grep -qxF "$(realpath "$folder")" && continue
    rm -rf --one-file-system "$folder"
  done
}

build() {
  local mirror build
  mirror=$(find_mirror)
  [[ -n $mirror ]] || say "no $SUITE mirror in this machine's apt sources: trying debootstrap's own"
  build=$(mktemp -d "$BASE/.build.XXXXXX")
  trap 'rm -rf --one-file-system "$build"' EXIT
  chmod 755 "$build"
  say "building the $SUITE userland in $BASE, about a minute"
  bootstrap "$build" "$mirror" ||
    die "debootstrap failed with ${mirror:-its own mirror (the apt sources name none that has Debian $SUITE)}, see $LOG"
  prepare "$build"
  # A mount namespace of its own: /proc and /dev disappear with it, however the installation ends.
  logged unshare --mount --propagation private -- bash -euc "$INSTALL" install "$build" "${PACKAGES[@]}" ||
    die "installing ${PACKAGES[*]} failed, see $LOG"
  tidy "$build"
  printf '%s\n' "$RECIPE" >"$build/$STAMP"
  mv -T "$build" "$USERLAND"
  trap - EXIT
}

# apt itself reads its sources, in both of their formats, and says where it would look.
find_mirror() {
  local uri probe
  probe=$(mktemp -d)
  while read -r uri; do
    if logged /usr/lib/apt/apt-helper download-file "$uri/dists/$SUITE/Release" "$probe/Release" &&
      grep -qx 'Origin: Debian' "$probe/Release" && grep -qx "Codename: $SUITE" "$probe/Release"; then
      printf '%s\n' "$uri"
      break
    fi
    rm -f "$probe/Release"
  done < <(apt_uris)
  rm -rf "$probe"
}

apt_uris() {
  apt-get update --print-uris 2>/dev/null |
    sed -n "s|^'\(.*\)/dists/.*/InRelease'.*|\1|p" | sort -u | while read -r uri; do
    case $uri in
      mirror+file:*) grep -ho '^[a-z+]*:[^[:space:]]*' "${uri#mirror+file:}" || true ;; # Debian's cloud images
      *) printf '%s\n' "$uri" ;;
    esac
  done | sed 's|/*$||' | awk '!seen[$0]++'
}

bootstrap() {
  local proxy home
  proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p')
  home=$(mktemp -d)
  # debootstrap downloads with wget, which knows apt's passwords by the name of .netrc.
  (umask 077 && cat /etc/apt/auth.conf /etc/apt/auth.conf.d/*.conf >"$home/.netrc" 2>/dev/null) || true
  local status=0
  HOME=$home http_proxy=${http_proxy:-$proxy} logged unshare --mount --propagation private -- \
    debootstrap --variant=minbase --include=ca-certificates --keyring="$KEYRING" \
    "$SUITE" "$1" ${2:+"$2"} || status=$?
  rm -rf "$home"
  return "$status"
}

prepare() {
  local etc=$1/etc
  # As on the host: its proxy, its passwords, its certificates, its names.
  apt-config dump | grep '^Acquire::' | grep -vi 'auto-\?detect' >"$etc/apt/apt.conf.d/90host" || true
  cp -a /etc/apt/auth.conf "$etc/apt/" 2>/dev/null || true
  cp -a /etc/apt/auth.conf.d/. "$etc/apt/auth.conf.d/" 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$etc/ssl/certs/" 2>/dev/null || true
  cp -L /etc/resolv.conf /etc/hosts "$etc/"
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # 101: no service may start
  chmod 755 "$1/usr/sbin/policy-rc.d"
  mkdir -p "$etc/postgresql-common"
  printf 'create_main_cluster = false\n' >"$etc/postgresql-common/createcluster.conf"
  printf 'force-unsafe-io\n' >"$etc/dpkg/dpkg.cfg.d/speed" # an interrupted build is thrown away
  printf 'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n' \
    >"$etc/dpkg/dpkg.cfg.d/small"
}

readonly INSTALL='
  root=$1; shift
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  run() { env -u TMPDIR -u APT_CONFIG DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"; }
  run apt-get update
  run apt-get install -y --no-install-recommends "$@"
'

tidy() {
  rm -rf "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
  rm -rf "$1"/etc/apt/auth.conf "$1"/etc/apt/auth.conf.d/* # no password stays in the cache
  rm -f "$1"/etc/apt/apt.conf.d/90host
}

main "$@"
