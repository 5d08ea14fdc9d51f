# shellcheck shell=sh
# Shared by demo.sh and test.sh: installs what is missing on this machine and
# fetches the front-end packages. POSIX sh; the caller sets "root" to the clone.

say() { printf '==> %s\n' "$*"; }
warn() { printf '注意：%s\n' "$*" >&2; }
die() {
	printf '错误：%s\n' "$*" >&2
	exit 1
}

# build is where binaries and node_modules go: never into the clone, where the
# go command would look at them. A user without a usable home (a service
# account) works below /tmp.
prepare_build_folder() {
	if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ] || [ ! -w "$HOME" ]; then
		HOME="/tmp/jingfang-home-$(id -u)"
		# Anybody may have made a folder of that name: only the owner can chmod it.
		{ mkdir -p "$HOME" && chmod 700 "$HOME"; } || die "无法使用 $HOME，请先设置 HOME 为一个可以写入的文件夹。"
		export HOME
	fi
	build="${XDG_CACHE_HOME:-$HOME/.cache}/jingfang-build"
	mkdir -p "$build" || die "无法建立文件夹 $build。"
}

# --- what is there -----------------------------------------------------------

have_command() { command -v "$1" >/dev/null 2>&1; }

have_go() {
	have_command go && return 0
	for dir in /usr/local/go/bin /usr/lib/go/bin "$HOME/go/bin" "$HOME/sdk/go/bin"; do
		if [ -x "$dir/go" ]; then
			PATH="$PATH:$dir"
			export PATH
			return 0
		fi
	done
	return 1
}

have_postgres() {
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
		[ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && return 0
	done
	have_command postgres && have_command initdb
}

have_node() { have_command node && have_command npm; }
have_git() { have_command git; }
have_openssl() { have_command openssl; }
have_pdftotext() { have_command pdftotext && have_command pdftoppm; }
have_zbar() { have_command zbarimg; }
have_calc() { have_command soffice; }
have_certificates() { [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ]; }

have_chromium() {
	have_command chromium || have_command chromium-browser ||
		have_command google-chrome || have_command google-chrome-stable
}

# The race detector links against the C library.
have_c_compiler() {
	have_command "${CC:-gcc}" && [ -e /usr/include/stdlib.h ]
}

have_chinese_font() {
	for file in /usr/share/fonts/*/noto/NotoSansCJK* /usr/share/fonts/*/NotoSansCJK* /usr/share/fonts/*/*/NotoSansCJK* \
		/usr/share/fonts/google-noto*cjk*/*; do
		[ -e "$file" ] && return 0
	done
	have_command fc-list && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]
}

# --- what is missing ---------------------------------------------------------

missing_deb=
missing_rpm=
required=

# need PROBE DEBIAN-PACKAGES RPM-PACKAGES: without it the script stops.
need() {
	"$1" && return 0
	missing_deb="$missing_deb $2"
	missing_rpm="$missing_rpm $3"
	required="$required $1"
}

# wish is need for what only makes things nicer.
wish() {
	"$1" && return 0
	missing_deb="$missing_deb $2"
	missing_rpm="$missing_rpm $3"
}

postgres_package() {
	if have_command apt-cache && ! apt-cache show postgresql-15 >/dev/null 2>&1; then
		echo postgresql
	else
		echo postgresql-15
	fi
}

# can_be_root says whether as_root has a chance without asking in the dark.
can_be_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	have_command sudo || return 1
	sudo -n true 2>/dev/null || [ -t 0 ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env "$@"
	else
		sudo --preserve-env=http_proxy,https_proxy,no_proxy env "$@"
	fi
}

# install_missing installs what need and wish have found, then looks again.
install_missing() {
	if [ -n "$missing_deb" ]; then
		if can_be_root; then
			say "正在安装缺少的软件：$(package_names)"
			if have_command apt-get; then
				install_deb
			elif have_command dnf; then
				# A name that this distribution lacks must not keep the others away.
				# shellcheck disable=SC2086 # a list of words
				as_root dnf install -y --setopt=install_weak_deps=False --setopt=strict=0 $missing_rpm || true
			elif have_command yum; then
				# shellcheck disable=SC2086 # a list of words
				as_root yum install -y $missing_rpm || true
			fi
		elif [ -z "$required" ]; then
			warn "没有安装（不影响运行）：$(package_names)"
		fi
	fi
	for probe in $required; do
		"$probe" || refuse_missing
	done
	missing_deb=''
	missing_rpm=''
	required=''
}

package_names() {
	if have_command apt-get || ! have_command dnf; then
		echo "${missing_deb# }"
	else
		echo "${missing_rpm# }"
	fi
}

refuse_missing() {
	how="apt-get install --no-install-recommends"
	have_command apt-get || how="dnf install"
	printf '错误：缺少软件，而且没有能自动装上。请让管理员（root）运行：%s %s ，然后再运行一次本命令。\n' "$how" "$(package_names)" >&2
	printf 'Error: packages are missing and could not be installed. Ask an administrator to run "%s %s", then run this again.\n' \
		"$how" "$(package_names)" >&2
	exit 1
}

# --- Debian ------------------------------------------------------------------

# install_deb reads the package lists again only when they are absent or have
# grown too old to fetch from.
install_deb() {
	case " $missing_deb " in *" postgresql"*) keep_system_cluster_away ;; esac
	if ! known_packages || ! apt_install; then
		say "正在更新软件列表……"
		as_root apt-get -o DPkg::Lock::Timeout=300 update || warn "软件列表没有更新成功。"
		apt_install || true
	fi
	let_services_start_again
}

known_packages() {
	for package in $missing_deb; do
		LC_ALL=C apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
	done
}

apt_install() {
	# shellcheck disable=SC2086 # a list of words
	as_root DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 NEEDRESTART_SUSPEND=1 \
		apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -q install -y --no-install-recommends $missing_deb
}

policy=/usr/sbin/policy-rc.d
our_policy=

# keep_system_cluster_away keeps the packages from making and starting a
# database of the whole machine: ours is private. A machine that has PostgreSQL
# already never comes here, and a setting that exists is not touched.
keep_system_cluster_away() {
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		as_root sh -c 'mkdir -p /etc/postgresql-common &&
			printf "%s\n" "# Written before PostgreSQL was installed for jingfang, which runs a private cluster." \
			"create_main_cluster = false" >/etc/postgresql-common/createcluster.conf'
	fi
	if [ ! -e "$policy" ]; then
		our_policy=yes
		trap let_services_start_again EXIT
		trap 'exit 130' INT TERM HUP
		# shellcheck disable=SC2016 # the inner shell expands it
		as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' sh "$policy"
	fi
}

let_services_start_again() {
	[ -n "$our_policy" ] || return 0
	our_policy=
	as_root rm -f "$policy"
}

# --- Go ----------------------------------------------------------------------

# shellcheck disable=SC2154 # root is the caller's
need_go() {
	have_go || die "没有找到 go 命令。请先安装 Go（版本见 go.mod），并把它的 bin 文件夹加入 PATH。Go is not installed or not in PATH."
	# Without a usable git repository (an archive, another owner's clone) the go
	# command cannot stamp its version and would refuse to build.
	if ! git -C "$root" rev-parse HEAD >/dev/null 2>&1; then
		GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
		export GOFLAGS
	fi
}

# --- front-end packages ------------------------------------------------------

# vendor_list: the file in node_modules and its name in static/vendor.
vendor_list() {
	cat <<-'LIST'
		htmx.org/dist/htmx.min.js htmx.min.js
		htmx.org/LICENSE htmx.LICENSE.txt
		htmx-ext-sse/sse.js sse.js
		htmx-ext-sse/LICENSE sse.LICENSE.txt
		zxing-wasm/dist/iife/reader/index.js zxing_reader.js
		zxing-wasm/dist/reader/zxing_reader.wasm zxing_reader.wasm
		zxing-wasm/LICENSE zxing.LICENSE.txt
		@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf NotoSansSC_400Regular.ttf
		@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf NotoSansSC_700Bold.ttf
		@expo-google-fonts/noto-sans-sc/LICENSE_FONT NotoSansSC.LICENSE.txt
	LIST
}

# vendor_is_current compares static/vendor with what npm fetched for this very
# lock file.
vendor_is_current() {
	cmp -s "$root/static/package-lock.json" "$build/npm/installed.json" || return 1
	vendor_list | while read -r from to; do
		cmp -s "$build/npm/node_modules/$from" "$root/static/vendor/$to" || exit 1
	done
}

# vendor_is_complete is enough where there is neither npm nor a way to get it.
vendor_is_complete() {
	vendor_list | while read -r from to; do
		[ -s "$root/static/vendor/$to" ] || exit 1
	done
}

need_vendor() {
	vendor_is_current || vendor_is_complete || need have_node "nodejs npm" "nodejs npm"
}

fill_vendor() {
	vendor_is_current && return 0
	if [ ! -w "$root/static/vendor" ] || ! have_node; then
		vendor_is_complete || die "当前用户不能写入 $root/static/vendor，请用克隆代码的那个用户运行。"
		warn "继续使用 static/vendor 里已有的前端文件（没有 npm，或不能写入那个文件夹）。"
		return 0
	fi
	say "正在下载前端文件（htmx、识别条码的 zxing 和中文字体）……"
	rm -rf "$build/npm"
	mkdir -p "$build/npm"
	cp "$root/static/package.json" "$root/static/package-lock.json" "$root/static/.npmrc" "$build/npm/"
	(cd "$build/npm" && npm ci --omit=dev --loglevel=error) || die "npm 没有下载成功，请检查网络后再运行一次。"
	# Copies, not links: the go command leaves links out of the binary in silence.
	vendor_list | while read -r from to; do
		cp -f "$build/npm/node_modules/$from" "$root/static/vendor/$to.new" &&
			chmod 644 "$root/static/vendor/$to.new" &&
			mv -f "$root/static/vendor/$to.new" "$root/static/vendor/$to" || exit 1
	done || die "前端文件没有复制成功。"
	cp "$root/static/package-lock.json" "$build/npm/installed.json"
}

# --- packages of the tests -----------------------------------------------------

have_axe() { cmp -s "$root/deploy/testtools/package-lock.json" "$build/testtools/installed.json"; }

# fill_axe fetches what checks pages for people who see or move differently. It
# stays beside the clone: nothing of it is served.
fill_axe() {
	JINGFANG_AXE="$build/testtools/node_modules/axe-core/axe.min.js"
	export JINGFANG_AXE
	have_axe && return 0
	say "正在下载检查无障碍的工具（axe-core）……"
	rm -rf "$build/testtools"
	mkdir -p "$build/testtools"
	cp "$root/deploy/testtools/package.json" "$root/deploy/testtools/package-lock.json" "$root/deploy/testtools/.npmrc" "$build/testtools/"
	(cd "$build/testtools" && npm ci --loglevel=error) || die "npm 没有下载成功，请检查网络后再运行一次。"
	cp "$root/deploy/testtools/package-lock.json" "$build/testtools/installed.json"
}
