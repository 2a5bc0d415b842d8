//! The digest of the files that data comes from.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use super::DataPart;
use super::fingerprint::{Stamp, hex};
use super::locate::{Contents, Located};
use super::{fingerprint, images, mnist};
use chainrule::error::Result;

/// The digests of the files of a part.
pub(super) struct Digests {
    part: &'static str,
    /// Of each file its name within the data, and the SHA-256 of its bytes; `None` of a pipe, which can be read but
    /// once, and of what nobody waits for any more.
    files: Vec<(String, Option<String>)>,
}

/// The SHA-256 of all files of the parts: of a line for each with its part, its name within the data and the SHA-256
/// of its bytes. So a copy elsewhere has the same digest. What came through a pipe for a part has one that
/// stands beside it.
pub(super) fn whole(parts: Vec<(Digests, Option<String>)>) -> Option<String> {
    let mut whole = Sha256::new();
    for (Digests { part, files }, piped) in parts {
        for (within, sha256) in files {
            let digest = sha256.as_ref().or(piped.as_ref())?;
            whole.update(format!("{part} {within} {digest}\n"));
        }
    }
    Some(hex(&whole.finalize()))
}

/// Reads the files of the parts `train` and `test`, as far as `stopped` does not become true before.
pub(super) fn of(
    train: &Located,
    test: Option<&Located>,
    stopped: &AtomicBool,
) -> Result<Vec<Digests>> {
    let parts = [("train", Some(train)), ("test", test)].into_iter();
    let parts = parts.filter_map(|(part, located)| Some((part, located?)));
    let digests = |(part, located): (&'static str, &Located)| {
        // Pictures are many, and read but once.
        let digest = |file: &Path| match located.contents {
            Contents::Table => fingerprint::kept_until(file, stopped),
            Contents::Idx | Contents::Images => fingerprint::of(file, stopped),
        };
        let files = files(located)?.into_iter();
        let files = files.map(|(file, within)| Ok((within, digest(&file)?)));
        Ok(Digests { part, files: files.collect::<Result<_>>()? })
    };
    parts.map(digests).collect()
}

/// The files of the parts as they are now; none where they cannot be listed, which whoever reads them tells.
pub(super) fn stamps(train: &Located, test: Option<&Located>) -> HashSet<(PathBuf, Option<Stamp>)> {
    let parts = [train].into_iter().chain(test);
    let files = parts.flat_map(|part| files(part).unwrap_or_default());
    files.map(|(file, _)| (file.clone(), fingerprint::stamp(&file))).collect()
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
