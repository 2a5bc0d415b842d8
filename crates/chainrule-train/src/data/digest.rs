//! The digest of the files that data comes from.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use super::DataPart;
use super::fingerprint::hex;
use super::locate::{Contents, Located};
use super::{fingerprint, images, mnist};
use chainrule::error::Result;

/// The SHA-256 of all files of the parts `train` and `test`: of a line for each with its part, its name
/// within the data and the SHA-256 of its bytes. So a copy elsewhere has the same digest. `None` where
/// a part comes from a pipe, which can be read but once, and where `stopped` becomes true before all are read.
pub(super) fn of(
    train: &Located,
    test: Option<&Located>,
    stopped: &AtomicBool,
) -> Result<Option<String>> {
    let mut whole = Sha256::new();
    for (name, located) in [("train", Some(train)), ("test", test)] {
        let Some(located) = located else { continue };
        for (file, within) in files(located)? {
            // Pictures are many, and read but once.
            let digest = match located.contents {
                Contents::Table => fingerprint::kept_until(&file, stopped)?,
                Contents::Idx | Contents::Images => fingerprint::of(&file, stopped)?,
            };
            let Some(digest) = digest else { return Ok(None) };
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
