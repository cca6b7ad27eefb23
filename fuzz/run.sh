#!/bin/sh
# Runs every target for its share of SECONDS (600 in all, unless told) and ends with 1 if one of them
# found something; what it was is then in target/found. A toolchain without anything added is enough:
# the counters that the fuzzer reads are put in by LLVM itself.
set -eu
cd "$(dirname "$0")"
targets="frame sse route envelope"
each=$((${1:-600} / 4))
host=$(rustc -vV | sed -n 's/^host: //p')
# Named, so that build scripts and macros are built without the counters.
CARGO_TARGET_DIR="$PWD/target"
export CARGO_TARGET_DIR
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module
 -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
 -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --release --locked --target "$host"
mkdir -p target/found
failed=0
for target in $targets; do
    # What is learned stays here; the seeds are only read.
    mkdir -p "target/corpus/$target"
    echo "== $target, $each seconds"
    "target/$host/release/$target" -max_total_time="$each" -max_len=4096 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 -artifact_prefix="target/found/$target-" \
        "target/corpus/$target" "seeds/$target" >"target/$target.log" 2>&1 || failed=1
    grep -E 'DONE |number_of_executed_units|new_units_added|peak_rss|ERROR|panicked|Test unit' \
        "target/$target.log" || true
done
exit "$failed"
