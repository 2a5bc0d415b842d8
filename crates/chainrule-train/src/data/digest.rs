//! The digest of the files that data comes from.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::DataPart;
use super::locate::{Contents, Located};
use super::text::is_pipe;
use super::{images, mnist};
use chainrule::error::{Error, Result};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// The SHA-256 of all files of the parts `train` and `test`: of a line for each with its part, its name
/// within the data and the SHA-256 of its bytes. So a copy elsewhere has the same digest. `None` where
/// a part comes from a pipe, which can be read but once.
pub(super) fn of(train: &Located, test: Option<&Located>) -> Result<Option<String>> {
    let mut whole = Sha256::new();
    for (name, located) in [("train", Some(train)), ("test", test)] {
        let Some(located) = located else { continue };
        for (file, within) in files(located)? {
            let Some(digest) = of_file(&file)? else { return Ok(None) };
            whole.update(format!("{name} {within} {digest}\n"));
        }
    }
    Ok(Some(hex(&whole.finalize())))
}

/// The files of a part, each with its name within the data.
fn files(located: &Located) -> Result<Vec<(PathBuf, String)>> {
    let path = match (&located.test, located.part) {
        (Some(test), Some(DataPart::Test)) => test,
        _ => &located.train,
    };
    let files = match located.contents {
        // The name of a single file says nothing of the data.
        Contents::Table => return Ok(vec![(path.clone(), String::new())]),
        Contents::Idx => {
            let test = located.part == Some(DataPart::Test);
            mnist::files(path, if test { mnist::TEST } else { mnist::TRAIN })?.to_vec()
        }
        Contents::Images => images::files(path)?,
    };
    let within = |file: &PathBuf| {
        let within = file.strip_prefix(path).unwrap_or(file).components();
        within.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    Ok(files.into_iter().map(|file| (file.clone(), within(&file))).collect())
}

fn of_file(path: &Path) -> Result<Option<String>> {
    let fail = |error: std::io::Error| Error::file(path, error);
    // Whoever opens a pipe takes from it, or waits.
    if is_pipe(path) {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(fail)?;
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(fail)? {
            0 => return Ok(Some(hex(&digest.finalize()))),
            read => digest.update(&chunk[..read]),
        }
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
