//! `--output`: what it writes where, and what it must not replace.
#![cfg(unix)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use common::{chainrule, fails, text};
use tempfile::tempdir;

const SQUARE: [&str; 5] = ["explain", "x * x", "--at", "x=3", "--output"];

fn explain_to(path: &Path) {
    let output = chainrule(&[&SQUARE[..], &[text(path)]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn is_written(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().contains("x * x")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_link_leads_to_its_file() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("deep")).unwrap();
    fs::write(at("deep/there"), "old").unwrap();
    symlink("deep/there", at("link")).unwrap();
    symlink("deep/new", at("dangling")).unwrap();
    for (link, file) in [("link", "deep/there"), ("dangling", "deep/new")] {
        explain_to(&at(link));
        assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link} was replaced");
        assert!(is_written(&at(file)), "{file}");
    }
    symlink("circle", at("circle")).unwrap();
    fails(&[&SQUARE[..], &[text(&at("circle"))]].concat(), 1, &["circle", "links"]);
}

/// What lies below /dev is a file like any other where it is one.
#[test]
fn a_file_in_memory_is_replaced_too() {
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        println!("skipped: there is no /dev/shm");
        return;
    }
    let folder = tempfile::tempdir_in(memory).unwrap();
    let file = folder.path().join("square.txt");
    let written = || {
        explain_to(&file);
        fs::read(&file).unwrap()
    };
    assert_eq!(written(), written());
}

#[test]
fn a_file_that_is_replaced_is_said_to_be() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    let told = || {
        let output = chainrule(&[&SQUARE[..], &[text(&file)]].concat());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(told(), "");
    let bytes = fs::metadata(&file).unwrap().len();
    assert_eq!(told(), format!("replaced {} ({bytes} bytes)\n", file.display()));
    // Nothing is lost with an empty file.
    fs::write(&file, "").unwrap();
    assert_eq!(told(), "");
}

#[test]
fn pipes_and_devices_are_written_into() {
    let folder = tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read_to_string(fifo).unwrap()
    });
    explain_to(&fifo);
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    assert!(reader.join().unwrap().contains("x * x"));

    explain_to(Path::new("/dev/null"));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    // Standard output that is a file: what was written to it before stays.
    let kept = folder.path().join("kept");
    fs::write(&kept, "before\n").unwrap();
    let file = fs::OpenOptions::new().append(true).open(&kept).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .args([&SQUARE[..], &["/dev/stdout"]].concat())
        .stdout(file)
        .status();
    assert!(status.unwrap().success());
    assert!(fs::read_to_string(&kept).unwrap().starts_with("before\n"));
    assert!(is_written(&kept));
}

#[test]
fn modes_are_kept_and_new_files_have_the_users() {
    let folder = tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::write(&old, "old").unwrap();
    fs::set_permissions(&old, Permissions::from_mode(0o604)).unwrap();
    explain_to(&old);
    assert!(is_written(&old));
    assert_eq!(mode(&old), 0o604);

    let umask = "umask 027; exec \"$0\" \"$@\"";
    let status = Command::new("sh")
        .args(
            [&["-c", umask, env!("CARGO_BIN_EXE_chainrule")], &SQUARE[..], &[text(&new)]].concat(),
        )
        .status();
    assert!(status.unwrap().success());
    assert_eq!(mode(&new), 0o640);
}

#[test]
fn a_folder_is_no_file() {
    let folder = tempdir().unwrap();
    let path = text(folder.path());
    fails(&[&SQUARE[..], &[path]].concat(), 1, &[path, "is a folder", "name of a file"]);
    let inside = format!("{path}/none/file");
    fails(&[&SQUARE[..], &[&inside]].concat(), 1, &[&inside, "there is no folder"]);
}
