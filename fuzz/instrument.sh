#!/bin/sh
# Compiles one crate for the fuzzer, as Cargo's wrapper of rustc: with counters of branches and comparisons where
# what is compiled runs under it. Not so the two crates that compare in a loop whatever the input is: one fills a table
# for each text that it reads, one makes digests. They would take half the time and tell nothing.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
case " $* " in
*" --crate-name csv_core "* | *" --crate-name sha2 "*) ;;
# What is compiled for the build itself names no target.
*" --target "*)
    # shellcheck disable=SC2086
    set -- "$@" $coverage
    ;;
esac
exec "$@"
