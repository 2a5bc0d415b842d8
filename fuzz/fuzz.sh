#!/bin/sh
# Fuzzes one target, for so long as libFuzzer's options say: ./fuzz.sh csv -max_total_time=60
# As `cargo fuzz run TARGET -s none` would, without that program and on the stable compiler.
set -eu
cd "$(dirname "$0")"
target=$1
shift
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="--cfg fuzzing -Ccodegen-units=1 $coverage" \
    cargo build --release --locked --quiet --target "$host" --target-dir target

mkdir -p "corpus/$target" "seeds/$target" artifacts
# The golden files of every format begin the search.
seeds="corpus/$target seeds/$target ../crates/chainrule-train/tests/golden/data"
# shellcheck disable=SC2086
exec "target/$host/release/$target" $seeds -artifact_prefix=artifacts/ -timeout=10 -rss_limit_mb=1024 \
    -max_len=8192 -print_final_stats=1 "$@"
