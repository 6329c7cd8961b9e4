//! Starting the binary: from an empty directory unless told otherwise, without the caller's settings.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The instant that questions over the checked-in extract are asked at: the day after its last.
pub(crate) const NOW: &str = "2026-11-20T09:00:00-05:00";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// The binary in `directory`.
pub(crate) fn sextant_in(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sextant"));
    command.current_dir(directory).env_remove("RUST_BACKTRACE").env("NO_COLOR", "1");
    for name in ["SEXTANT_MODELS", "SEXTANT_DATA", "SEXTANT_LOG"] {
        command.env_remove(name);
    }
    command
}

/// The binary with the commerce model over the checked-in extract.
pub(crate) fn commerce() -> Command {
    let root = repository();
    let mut command = sextant_in(&std::env::temp_dir());
    command.env("SEXTANT_MODELS", root.join("semantic-models/commerce"));
    command.env("SEXTANT_DATA", root.join("fixtures/commerce"));
    command
}

/// Runs to the end with `input` on standard input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let bytes = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that does not read its input may close it early.
        let _ = stdin.write_all(&bytes);
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    output
}

/// Runs the arguments without input.
pub(crate) fn answer(command: &mut Command, arguments: &[&str]) -> Answer {
    let output = run(command.args(arguments), b"");
    Answer::of(&output)
}

/// What a finished process left.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    pub(crate) fn of(output: &Output) -> Self {
        Answer {
            status: output.status.code().expect("an exit status"),
            out: String::from_utf8(output.stdout.clone()).expect("UTF-8"),
            err: String::from_utf8(output.stderr.clone()).expect("UTF-8"),
        }
    }
}

/// A running process that is stopped with the test.
pub(crate) struct Running(pub(crate) std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads from `source` until a line that satisfies `found`, which is returned.
pub(crate) fn line_until(source: &mut impl Read, found: impl Fn(&str) -> bool) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        let read = source.read(&mut byte).expect("readable");
        assert!(read == 1, "the stream ended before the line: {}", String::from_utf8_lossy(&line));
        if byte[0] != b'\n' {
            line.push(byte[0]);
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if found(&text) {
            return text;
        }
        line.clear();
    }
}
