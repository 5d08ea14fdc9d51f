#!/bin/sh
# Installs what the tests need and runs all of them, with the race detector. The
# last lines are those of "go test". Arguments replace the packages (./...).
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/deploy/lib.sh"

prepare_build_folder
need have_certificates ca-certificates ca-certificates
need have_postgres "$(postgres_package)" postgresql-server
need have_chromium chromium chromium
need have_pdftotext poppler-utils poppler-utils
need have_zbar zbar-tools zbar
need have_calc libreoffice-calc-nogui libreoffice-calc
need have_chinese_font fonts-noto-cjk google-noto-cjk-fonts
need have_openssl openssl openssl
need have_git git git
need have_c_compiler "gcc libc6-dev" "gcc glibc-devel"
need_vendor
have_axe || need have_node "nodejs npm" "nodejs npm"
install_missing
need_go
fill_vendor
fill_axe

cd "$root"
[ "$#" -gt 0 ] || set -- ./...

say "正在检查格式（gofmt）……"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || die "这些文件需要 gofmt：
$unformatted"

say "正在检查代码（go vet）……"
go vet "$@"

say "正在检查代码（staticcheck）……"
go tool staticcheck "$@"

say "正在运行测试（go test -race）……"
CGO_ENABLED=1 exec go test -race -timeout 18m "$@"
