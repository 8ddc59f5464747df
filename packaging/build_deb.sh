#!/usr/bin/env bash
# Builds FOLDER/phototagd_VERSION_ARCHITECTURE.deb out of the checkout: build_deb.sh PIP FOLDER.
# DEB_PYTHON: the interpreter, one of the distribution's. DEB_EXTRAS: "jxl,places", say.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-deb >/dev/null || { echo 'dpkg-deb is missing: sudo apt install dpkg' >&2; exit 1; }
pip=$1 target=$2
python=${DEB_PYTHON:-/usr/bin/python3}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022
chmod 755 "$stage"
unset PYTHONPATH

# The programs and their libraries: a venv that does not notice that it moves to /opt.
venv=$stage/opt/phototagd/venv
"$python" -m venv --without-pip "$venv"
rm -rf build
"$pip" --python "$venv/bin/python" install --quiet --disable-pip-version-check --no-compile \
  ".${DEB_EXTRAS:+[$DEB_EXTRAS]}"
find "$venv/bin" -type f ! -name phototag ! -name phototagd -delete
sed -i "s|$stage||g" "$venv/bin/phototag" "$venv/bin/phototagd" "$venv/pyvenv.cfg"
site=$(echo "$venv"/lib/python3*/site-packages)
rm "$site"/phototagd-*.dist-info/direct_url.json
# What the processor does not need: other accelerators' plugins, headers, the libraries' own tests.
rm -rf "$site"/openvino/libs/libopenvino_intel_[gn]pu_plugin.so "$site"/openvino/libs/cache.json \
  "$site"/openvino/include "$site"/cv2/data/*.xml
find "$site/numpy" -name tests -type d -prune -exec rm -rf {} +
# Compiled once, here: the folder cannot be written to by those who run the programs. The files are
# trusted without a look at their dates, which dpkg may change.
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash \
  -s "$stage" -p / "$site" || echo 'Some files of libraries could not be compiled.' >&2

install -d "$stage/usr/bin"
ln -s /opt/phototagd/venv/bin/phototag /opt/phototagd/venv/bin/phototagd "$stage/usr/bin"
install -D -m 644 -t "$stage/lib/systemd/system" systemd/*.service
install -D -m 644 -t "$stage/usr/lib/systemd/user" systemd/user/*.service

"$venv/bin/python" packaging/man_pages.py "$stage/usr/share/man/man1"
gzip -9n "$stage"/usr/share/man/man1/*
share=$stage/usr/share
install -d "$share"/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
complete() { "$venv/bin/python" "$venv/bin/phototag" completion "$1"; }
complete bash > "$share/bash-completion/completions/phototag"
complete zsh > "$share/zsh/vendor-completions/_phototag"
complete fish > "$share/fish/vendor_completions.d/phototag.fish"

install -d "$share/phototagd" "$share/doc/phototagd"
# Every setting stands there as a comment: what the file does not say, `service install` writes. It
# is copied to /etc once, and is no conffile of dpkg's: an update must not ask about what we wrote.
sed 's/^[^#]/# &/' daemon/config/default.toml > "$share/phototagd/config.toml"
gzip -9n < CHANGELOG.md > "$share/doc/phototagd/changelog.gz"
install -m 644 packaging/debian/copyright "$share/doc/phototagd/copyright"

version=$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("phototagd"))')
read -r minor next < <("$python" -c 'from sys import version_info as v; print(f"3.{v[1]} 3.{v[1] + 1}")')
architecture=$(dpkg --print-architecture)
control=$stage/DEBIAN
install -d "$control"
install -m 755 -t "$control" packaging/debian/{postinst,prerm,postrm}
(cd "$stage" && find lib opt usr -type f -print0 | sort -z | xargs -0 md5sum) > "$control/md5sums"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
  -e "s/@PYTHON@/$minor/" -e "s/@NEXT_PYTHON@/$next/" \
  -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" packaging/debian/control > "$control/control"
mkdir -p "$target"
# xz would take minutes to save a tenth.
dpkg-deb --root-owner-group -Zzstd -z6 --build "$stage" "$target/phototagd_${version}_$architecture.deb"
