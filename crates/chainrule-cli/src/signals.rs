//! What the system tells the program by signals.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// Becomes true with the first Ctrl-C, or as the terminal goes; a second one ends the program at once. One for
/// all trainings of the program, so that none of a sweep goes on after it.
pub fn interruption() -> Result<Arc<AtomicBool>> {
    static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    // The status of a program that the signal ended, as shells write it.
    const ENDED: i32 = 128 + SIGINT;
    if let Some(interrupted) = INTERRUPTED.get() {
        return Ok(interrupted.clone());
    }
    let interrupted = INTERRUPTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hangup()) {
        register_conditional_shutdown(signal, ENDED, interrupted.clone())?;
        register(signal, interrupted.clone())?;
    }
    Ok(interrupted.clone())
}

/// The signal of a terminal that goes, unless it is ignored, as `nohup` has it. Where no system tells whether it
/// is, it is left alone.
#[cfg(unix)]
fn hangup() -> Option<i32> {
    use signal_hook::consts::SIGHUP;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    (ignored >> (SIGHUP - 1) & 1 == 0).then_some(SIGHUP)
}

#[cfg(not(unix))]
fn hangup() -> Option<i32> {
    None
}

/// Has a file that may grow no further be an error of who writes it, and not the program's end.
pub fn outlive_limits_of_files() -> Result<()> {
    #[cfg(unix)]
    register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    Ok(())
}
