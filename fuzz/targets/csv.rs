//! Tables as text: in memory, streamed, and as rows on standard input.
#![no_main]

use std::sync::LazyLock;

use chainrule_train::data::{DataSource, Keep, Preparation};

static PREPARATION: LazyLock<Preparation> = LazyLock::new(|| {
    let path = chainrule_fuzz::file("fitted.csv", b"a,b,y\n1,u,0.5\n2,v,1.5\n,,2.5\n");
    let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    source.load(&|_| unreachable!()).expect("a good table").preparation
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = chainrule_fuzz::file("table.csv", bytes);
    chainrule_fuzz::load(&path, false);
    chainrule_fuzz::load(&path, true);
    let _ = PREPARATION.read_rows(bytes, &Keep::All);
});
