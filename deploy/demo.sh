#!/bin/sh
# Starts the demonstration on http://127.0.0.1:8080 from a clone of the sources:
# installs what is missing, builds, and runs "jingfang demo" with the same
# arguments (-tour, -addr, -data, -password …).
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/deploy/lib.sh"

prepare_build_folder
need have_certificates ca-certificates ca-certificates
need have_postgres "$(postgres_package)" postgresql-server
need_vendor
wish have_chinese_font fonts-noto-cjk google-noto-cjk-fonts
install_missing
need_go
fill_vendor

say "正在编译（第一次需要几分钟）……"
go -C "$root" build -o "$build/jingfang" ./cmd/jingfang || die "编译没有成功，原因见上面。"
exec "$build/jingfang" demo "$@"
