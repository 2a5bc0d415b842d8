//! Rows on standard input, for tables that were written in several ways.

use std::sync::LazyLock;

use chainrule_train::data::{DataSource, Keep, Preparation};

const TABLES: [&str; 4] = [
    "a,b,y\n1,u,0.5\n2,v,1.5\n,,2.5\n",
    "a;b;y\n1,5;\"u;\";ja\n2,5;v;nein\n;u;ja\n",
    "day\tprice\tshare\ty\n2024-02-29\t$1,200.50\t5%\tup\n2024-03-01 10:00\t$7\t7.5%\tdown\n",
    "1 2 3\n4 5 6\n7 8 9\n",
];

static PREPARATIONS: LazyLock<[Preparation; 4]> = LazyLock::new(|| {
    let mut number = 0;
    TABLES.map(|table| {
        number += 1;
        let path = crate::files::file(&format!("fitted-{number}.csv"), table.as_bytes());
        let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
        source.load(&|_| unreachable!("no name is shipped")).expect("a good table").preparation
    })
});

pub fn run(bytes: &[u8]) {
    for preparation in &*PREPARATIONS {
        if let Ok(rows) = preparation.read_rows(bytes, &Keep::All) {
            let all: Vec<u32> = (0..rows.examples.len() as u32).collect();
            let mut features = vec![0.0; all.len() * rows.examples.width()];
            rows.examples.features(&all, &mut features).expect("rows that were read");
        }
    }
}
