#!/bin/sh
# Fuzzes one target, for so long as libFuzzer's options say: ./fuzz.sh csv -max_total_time=60
# As cargo-fuzz would, without that program and on the stable compiler.
set -eu
cd "$(dirname "$0")"
target=$1
shift
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing" RUSTC_WRAPPER=./instrument.sh \
    cargo build --release --locked --quiet --target "$host" --target-dir target

mkdir -p "corpus/$target" "seeds/$target" artifacts
# The golden files of every format begin the search.
seeds="corpus/$target seeds/$target ../crates/chainrule-train/tests/golden/data"
# shellcheck disable=SC2086
FUZZ_TARGET=$target exec "target/$host/release/fuzz" $seeds -artifact_prefix=artifacts/ -timeout=10 -rss_limit_mb=1024 \
    -max_len=8192 -print_final_stats=1 "$@"
