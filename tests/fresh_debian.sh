#!/usr/bin/env bash
# The README's two commands on a Debian 12 that has nothing but Python 3.11 and pip, twice in a row.
#
#   sudo tests/fresh_debian.sh FOLDER [root|user] ['COMMAND' ...]
#
# FOLDER keeps the bare system (made once with debootstrap) and a fresh copy of it for each run, outside
# the project. As `user` the commands run without rights, so Qt's libraries are unpacked, not installed.
# Without commands: run.py test and run.py demo --headless, each twice. What this machine needs to reach
# its package sources (certificates, pip's settings, name servers) is carried over; nothing else is.
set -euo pipefail

[ "$(id -u)" -eq 0 ] || { echo "debootstrap and chroot need root" >&2; exit 2; }
[ $# -ge 1 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
folder=$(realpath -m "$1")
who=${2:-root}
shift; [ $# -eq 0 ] || shift
project=$(cd "$(dirname "$0")/.." && pwd)
base=$folder/base
system=$folder/system
place=srv/fieldapp
demo="python3 run.py demo --headless --out"
if [ $# -eq 0 ]; then
    set -- "python3 run.py test" "$demo /tmp/out1" "python3 run.py test" "$demo /tmp/out2"
fi

unmount() {
    for point in dev proc; do
        mountpoint -q "$system/$point" || continue
        # a process that is just ending may hold it; detached, nothing below it can be deleted
        umount "$system/$point" 2>/dev/null || umount --lazy "$system/$point"
    done
    return 0
}
trap unmount EXIT

# 1. the bare system, once
if [ ! -e "$base/.complete" ]; then
    rm -rf "$base"
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=python3,python3-pip bookworm "$base"
    cp /etc/resolv.conf "$base/etc/"
    if compgen -G "/usr/local/share/ca-certificates/*.crt" >/dev/null; then
        cp /usr/local/share/ca-certificates/*.crt "$base/usr/local/share/ca-certificates/"
    fi
    chroot "$base" update-ca-certificates >/dev/null
    if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$base/etc/"; fi
    chroot "$base" useradd --create-home newcomer
    touch "$base/.complete"
fi

# 2. a fresh copy with a clean clone
unmount
rm -rf "$system"
cp -a "$base" "$system"
mount -t proc proc "$system/proc"
mount --bind /dev "$system/dev"
git clone --quiet --no-hardlinks "$project" "$system/$place"
user=root home=root
if [ "$who" = user ]; then
    user=newcomer home=home/newcomer
    chroot "$system" chown -R newcomer: "/$place"
fi

# 3. the commands, in an environment as after a login
for command in "$@"; do
    echo "== $user: $command"
    began=$SECONDS
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="/$home" \
        chroot "$system" setpriv --reuid="$user" --regid="$user" --init-groups \
        sh -c "cd /$place && $command" </dev/null
    echo "== done in $((SECONDS - began)) s"
done
