//! What checking a token costs, on one thread: how many bad ones are refused a second, and how that compares to one
//! SHA-256 of the same text, which nobody can do without.
//!
//! `cargo run --release -p sextant-benches --bin tokens`

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::Map;
use sextant_server::identity::authenticate::Authenticator;
use sextant_server::identity::caller::Door;
use sextant_server::identity::headers::Wishes;
use sextant_server::identity::scope::Scopes;
use sextant_server::identity::secret::Hash;
use sextant_server::identity::token::{self, Kind};
use sextant_server::store::Store;
use sextant_server::store::tokens::{NewToken, Owner};

/// Tokens that the state holds.
const ISSUED: usize = 1_000;
/// How long each kind is presented.
const TIME: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("sextant-bench-{}", std::process::id()));
    let store = Arc::new(Store::at(folder.join("state.db")));
    let owner = Owner::Organization("default".into());
    let new = NewToken { name: "bench".into(), owner, scopes: Scopes::MINIMAL, attributes: Map::new(), expires: None };
    let mut last = None;
    for _ in 0..ISSUED {
        last = Some(store.create_token(&new, Utc::now()).map_err(|failure| format!("{failure:?}"))?);
    }
    let (kept, good) = last.ok_or("no token")?;
    let stranger = token::mint(Kind::Organization).map_err(|failure| format!("{failure:?}"))?;
    let typo = format!("{}!", &good.expose()[..good.expose().len() - 1]);
    let hashes = rate(|| {
        std::hint::black_box(Hash::of(stranger.expose()));
    });
    println!("one SHA-256 of a token     {hashes:>12.0} a second");
    let authenticator = Authenticator::new(store.clone());
    let check = |presented: &str, accepted: bool| {
        let caller = authenticator.caller(presented, &Wishes::NONE, Door::Api, Utc::now());
        assert_eq!(caller.is_ok(), accepted);
    };
    let show =
        |name: &str, found: f64| println!("{name:<26} {found:>12.0} a second   {:>8.4} of the hashes", found / hashes);
    show("mistyped, refused", rate(|| check(&typo, false)));
    show("never issued, refused", rate(|| check(stranger.expose(), false)));
    show("issued, accepted", rate(|| check(good.expose(), true)));
    store.revoke_token(&kept.id, Utc::now()).map_err(|failure| format!("{failure:?}"))?;
    show("revoked, refused", rate(|| check(good.expose(), false)));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// How often a second.
fn rate(mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < TIME {
        for _ in 0..100 {
            work();
        }
        count += 100;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}
