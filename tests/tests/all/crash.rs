//! Killed in the middle, again and again: what was said to be kept is kept.
//!
//! A cycle starts a process that makes and revokes tokens, kills it at a random moment (SIGKILL), and holds the state
//! file against every line that the process had said. `CYCLES=300` says how many, 30 unless told.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use sextant_server::store::Store;
use sextant_server::store::audit::{Chain, Head};
use sextant_server::store::backup;
use sextant_tests::doors;

const CYCLES: usize = 30;
/// Every so many cycles it is the binary that is killed, once for each of its processes.
const BINARY_EVERY: usize = 10;
/// Milliseconds in which the writer is killed: some before it has opened the file.
const WRITER_LIVES: u64 = 100;
/// What no file of the state may hold.
const SECRET: &str = "sextant_oat_";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("crash::what_was_acknowledged_outlives_kill_9", acknowledged)]
}

fn acknowledged() -> Result<(), Failed> {
    let cycles = std::env::var("CYCLES").ok().map_or(Ok(CYCLES), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("sextant.db");
    let mut known = Known::default();
    let mut random = Random(0x5EED_2026);
    let began = Instant::now();
    let start = life_of_a_command(&state, &mut known)?;
    for cycle in 0..cycles {
        let said = if cycle % BINARY_EVERY == BINARY_EVERY - 1 {
            commands(&state, &known, start, &mut random)?
        } else {
            let mut writer = Command::new(writer());
            said(writer.arg(&state), Duration::from_millis(random.below(WRITER_LIVES)))?
        };
        known.take(&said);
        known.check(&state, cycle).map_err(|fault| format!("cycle {cycle}: {fault}"))?;
    }
    known.check_all(&state)?;
    eprintln!(
        "{cycles} kills in {:.1} s: {} tokens and {} revocations acknowledged, {} records; none lost",
        began.elapsed().as_secs_f64(),
        known.revoked.len(),
        known.revoked.values().filter(|revoked| **revoked).count(),
        known.head.as_ref().map_or(0, |head| head.sequence),
    );
    // Else nothing was tested.
    if known.revoked.len() < cycles || known.head.as_ref().is_none_or(|head| (head.sequence as usize) < cycles) {
        return Err("too little was acknowledged before the kills".into());
    }
    Ok(())
}

/// All that was acknowledged so far.
#[derive(Default)]
struct Known {
    /// Each token by its text, and whether it was revoked.
    revoked: BTreeMap<String, bool>,
    /// Tokens of the last cycle.
    fresh: Vec<String>,
    /// Records that the last writer said were on the disk, beside those found before.
    recorded: i64,
    head: Option<Head>,
}

impl Known {
    /// Takes the whole lines of what a process said; one that was cut by the kill acknowledges nothing.
    fn take(&mut self, said: &str) {
        self.fresh.clear();
        self.recorded = 0;
        for line in said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            match line.split_once(' ') {
                Some(("created", text)) => {
                    self.revoked.entry(text.to_string()).or_default();
                    self.fresh.push(text.to_string());
                }
                Some(("revoked", text)) => {
                    self.revoked.insert(text.to_string(), true);
                    self.fresh.push(text.to_string());
                }
                Some(("recorded", count)) => self.recorded = count.parse().unwrap(),
                _ => {}
            }
        }
    }

    fn check(&mut self, state: &Path, cycle: usize) -> Result<(), String> {
        let store = Store::at(state.to_path_buf());
        self.fresh.iter().try_for_each(|text| self.check_token(&store, text))?;
        let chain = store.verify_audit(self.head.as_ref()).map_err(|fault| format!("{fault:?}"))?;
        let Chain::Whole(head) = chain else { return Err(format!("the audit log: {chain:?}")) };
        let count = |head: &Option<Head>| head.as_ref().map_or(0, |head| head.sequence);
        if count(&head) < count(&self.head) + self.recorded {
            return Err(format!("{} records are lost", count(&self.head) + self.recorded - count(&head)));
        }
        self.head = head;
        // A backup is refused unless the file is whole and its tables are what they should be.
        let copy = state.with_file_name(format!("{cycle}.backup"));
        backup::backup(state, &copy).map_err(|fault| format!("{fault:?}"))?;
        std::fs::remove_file(copy).map_err(|fault| fault.to_string())?;
        no_secret(state)
    }

    fn check_all(&self, state: &Path) -> Result<(), String> {
        let store = Store::at(state.to_path_buf());
        self.revoked.keys().try_for_each(|text| self.check_token(&store, text))
    }

    fn check_token(&self, store: &Store, text: &str) -> Result<(), String> {
        let found = store.find_token(text).map_err(|fault| format!("{fault:?}"))?;
        let Some(found) = found else { return Err("an acknowledged token is lost".into()) };
        match self.revoked[text] && found.revoked.is_none() {
            true => Err("an acknowledged revocation is lost".into()),
            false => Ok(()),
        }
    }
}

/// The binary's own commands, each killed at a moment of its life: lines as the writer says them.
fn commands(state: &Path, known: &Known, start: Duration, random: &mut Random) -> Result<String, Failed> {
    let mut lines = String::new();
    let life = |random: &mut Random| Duration::from_millis(random.below(start.as_millis() as u64 * 3 / 2 + 1));
    for _ in 0..3 {
        let created = said(&mut command(state, &["token", "create", "crash"]), life(random))?;
        if let Some(text) = created.strip_suffix('\n') {
            lines.push_str(&format!("created {text}\n"));
        }
    }
    let store = Store::at(state.to_path_buf());
    if let Some(text) = known.revoked.iter().find(|(_, revoked)| !**revoked).map(|(text, _)| text) {
        let found = store.find_token(text).map_err(|fault| format!("{fault:?}"))?;
        let id = found.ok_or("an acknowledged token is lost")?.id;
        if said(&mut command(state, &["token", "revoke", &id]), life(random))?.ends_with('\n') {
            lines.push_str(&format!("revoked {text}\n"));
        }
    }
    Ok(lines)
}

/// How long a command takes to the end, with the token that it made.
fn life_of_a_command(state: &Path, known: &mut Known) -> Result<Duration, Failed> {
    command(state, &["token", "list"]).status()?;
    let began = Instant::now();
    let text = said(&mut command(state, &["token", "create", "crash"]), Duration::from_secs(60))?;
    let took = began.elapsed();
    known.take(&format!("created {text}"));
    known.check(state, usize::MAX)?;
    Ok(took)
}

fn command(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(doors::binary());
    command.args(arguments).arg("--state").arg(state).stderr(Stdio::null()).stdout(Stdio::null());
    command
}

/// What a process says until it ends, or is killed after `life`.
fn said(command: &mut Command, life: Duration) -> Result<String, Failed> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut out = child.stdout.take().ok_or("a pipe")?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    while began.elapsed() < life && !is_over(&mut child)? {
        std::thread::sleep(Duration::from_millis(1));
    }
    // One that has ended already is not there to be killed.
    let _ = child.kill();
    child.wait()?;
    Ok(reader.join().map_err(|_| "the reader")??)
}

fn is_over(child: &mut Child) -> Result<bool, Failed> {
    Ok(child.try_wait()?.is_some())
}

/// `target/<profile>/examples/token_writer`, which `cargo test` builds.
fn writer() -> PathBuf {
    let profile = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_path_buf();
    let path = profile.join("examples").join(format!("token_writer{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "`cargo build --workspace --examples` builds {}", path.display());
    path
}

/// Of a token no file of the state holds the text.
fn no_secret(state: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(state.parent().unwrap()).map_err(|fault| fault.to_string())? {
        let path = entry.map_err(|fault| fault.to_string())?.path();
        let bytes = std::fs::read(&path).map_err(|fault| fault.to_string())?;
        if String::from_utf8_lossy(&bytes).contains(SECRET) {
            return Err(format!("{} holds a token", path.display()));
        }
    }
    Ok(())
}

/// A small generator, so that a run can be made again.
struct Random(u64);

impl Random {
    /// A number below `limit`, by Marsaglia's xorshift.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}
