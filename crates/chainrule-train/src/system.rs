//! What depends on the operating system: all that is Unix's alone, and what other systems get instead.
//!
//! Locks, renaming and terminals are the standard library's, and Ctrl-C is `signal-hook`'s: both have
//! them on other systems as well. The library and the program were run on Linux, and only compiled for
//! Windows.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A new file in `folder` that is to be renamed, whose passing name begins with `prefix`. On Unix it has
/// the mode that the user's umask leaves to any new file, as a temporary file's own mode would keep it
/// from everybody else; on other systems it has what the folder hands on. Write by [`NamedTempFile::as_file`],
/// whose errors do not speak of the passing name.
///
/// ```
/// # let temporary = tempfile::tempdir().unwrap();
/// # let folder = temporary.path();
/// let mut file = chainrule_train::system::staging_file(folder, ".writing-")?;
/// std::io::Write::write_all(file.as_file_mut(), b"whole")?;
/// file.persist(folder.join("report.txt"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The file cannot be made; the error does not speak of the passing name.
pub fn staging_file(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(|error| {
        let told = error.to_string();
        let why = told.rsplit_once(" at path ").map_or(&*told, |(why, _)| why);
        io::Error::new(error.kind(), why)
    })
}

/// When a file's bytes, its name or its time were changed last, which nobody can set on Unix; `None` on other
/// systems.
pub(crate) fn changed_at(file: &std::fs::Metadata) -> Option<(i64, i64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((file.ctime(), file.ctime_nsec()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

/// The folder that a path's last name stands in, which is the current one where the path is a name alone.
///
/// ```
/// use chainrule_train::system::folder_of;
/// assert_eq!(folder_of("runs/iris-1".as_ref()), std::path::Path::new("runs"));
/// assert_eq!(folder_of("run".as_ref()), std::path::Path::new("."));
/// ```
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Makes a folder, whose name has then reached the disk.
///
/// # Errors
/// It cannot be made, as where it exists, or the one above it cannot be written.
pub fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)?;
    match sync_folder(folder_of(path)) {
        // The one above may be another's, who lets nobody read it.
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
            let _ = std::fs::remove_dir(path);
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Waits until what was renamed in a folder has reached the disk; on systems other than Unix nothing is
/// known to wait for.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let synced = std::fs::File::open(folder)?.sync_all();
        // Some file systems cannot: they write names when they write files.
        synced.or_else(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// What tells a file from every other on this machine, whatever its name; `None` on systems other than Unix,
/// where no file goes that is open.
pub(crate) fn file_id(file: &std::fs::Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

/// Does two things at once, the second on another thread, or one after the other where the system refuses a
/// thread.
pub(crate) fn beside<A, B: Send>(here: impl FnOnce() -> A, there: impl Fn() -> B + Sync) -> (A, B) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, &there);
        let here = here();
        let there = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => there(),
        };
        (here, there)
    })
}

/// The most memory that the process has had in use, in bytes, where the system tells it: on Linux.
///
/// ```
/// let peak = chainrule_train::system::peak_memory();
/// assert!(peak.is_none_or(|bytes| bytes > 1 << 16));
/// ```
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Whether the path names what a process holds open, such as Unix's `/dev/stdout` or `/proc/self/fd/1`: a file
/// put in its place would not be the one that is open. Other systems have no such paths.
///
/// ```
/// use chainrule_train::system::is_open_file;
/// for open in ["/dev/stdout", "/dev/fd/3", "/proc/self/fd/1", "/proc/12/task/13/fd/1"] {
///     assert_eq!(is_open_file(open.as_ref()), cfg!(unix), "{open}");
/// }
/// for named in ["report.txt", "/dev/shm/fd/report.txt", "/dev/stdout.txt", "/proc/fd"] {
///     assert!(!is_open_file(named.as_ref()), "{named}");
/// }
/// ```
#[must_use]
pub fn is_open_file(path: &Path) -> bool {
    let is_standard = |name| ["stdin", "stdout", "stderr"].iter().any(|own| *own == name);
    let (folder, name) = (folder_of(path), path.file_name().unwrap_or_default());
    let is_numbered = folder.file_name().is_some_and(|folder| folder == "fd");
    cfg!(unix)
        && match folder {
            _ if folder == Path::new("/dev") => is_standard(name),
            _ if folder == Path::new("/dev/fd") => true,
            _ => is_numbered && folder.starts_with("/proc"),
        }
}
