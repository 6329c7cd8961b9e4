//! `sextant user`: who may sign in, by the command line alone.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Answer, answer, run, sextant_in};

fn command(home: &Path) -> Command {
    let mut command = sextant_in(home);
    command.env("SEXTANT_STATE", home.join("state.db"));
    command
}

fn user(home: &Path, arguments: &[&str]) -> Answer {
    answer(&mut command(home), &[&["user"], arguments].concat())
}

fn users(home: &Path) -> Value {
    let listed = user(home, &["list", "--format", "json"]);
    serde_json::from_str::<Value>(&listed.out).unwrap_or_else(|fault| panic!("{fault}: {listed:?}"))["users"].clone()
}

fn password(home: &Path, line: &str) -> i32 {
    let output = run(command(home).args(["user", "password", "ada@example.com"]), line.as_bytes());
    Answer::of(&output).status
}

#[test]
fn users_are_made_let_in_and_locked_out() {
    let home = tempfile::tempdir().expect("a directory");
    let place = home.path();
    let made = user(
        place,
        &[
            "create",
            "ada@example.com",
            "--name",
            "Ada",
            "--scopes",
            "query:sql,feedback:write",
            "--attribute",
            "country=DE",
            "--attribute",
            "country=FR",
        ],
    );
    assert_eq!((made.status, made.out.starts_with("usr_")), (0, true), "{made:?}");
    let listed = users(place);
    assert_eq!(listed[0]["organizations"][0]["scopes"], json!(["query:sql", "feedback:write"]));
    assert_eq!(listed[0]["organizations"][0]["attributes"]["country"], json!(["DE", "FR"]));
    assert_eq!((password(place, "too short\n"), users(place)[0]["has_password"].clone()), (2, false.into()));
    assert_eq!((password(place, "correct horse battery\n"), users(place)[0]["has_password"].clone()), (0, true.into()));
    let link = user(place, &["link", "ADA@example.com", "--url", "https://metrics.example.com/"]);
    assert!(link.out.starts_with("https://metrics.example.com/sign-in/link?code="), "{link:?}");
    let same = user(place, &["add", "ada@example.com"]);
    assert_eq!(
        same.out,
        "`ada@example.com` in `default`: query:sql feedback:write; country=[\"DE\",\"FR\"], as before: nothing is changed\n"
    );
    let wider = user(place, &["add", "ada@example.com", "--scopes", "admin"]);
    assert_eq!(wider.out, "`ada@example.com` in `default`: admin; country=[\"DE\",\"FR\"]\n", "attributes stay");
    let bare = user(place, &["add", "ada@example.com", "--no-attributes"]);
    assert_eq!(bare.out, "`ada@example.com` in `default`: admin\n", "scopes stay");
    assert_eq!(
        user(place, &["disable", "ada@example.com", "--org", "default"]).out,
        "`ada@example.com` is disabled in `default`\n"
    );
    assert!(users(place)[0]["organizations"][0]["disabled"].is_string() && users(place)[0]["disabled"].is_null());
    assert_eq!(user(place, &["enable", "ada@example.com", "--org", "default"]).status, 0);
    assert_eq!(user(place, &["disable", "ada@example.com"]).out, "`ada@example.com` is disabled\n");
    assert_eq!(user(place, &["link", "ada@example.com"]).status, 2, "nobody lets a disabled user in");
    assert_eq!(user(place, &["enable", "ada@example.com"]).status, 0);
    assert_eq!(user(place, &["remove", "ada@example.com", "--org", "default"]).status, 0);
    assert_eq!(users(place)[0]["organizations"], json!([]));
    for wrong in [
        &["create", "ada@example.com"][..],
        &["create", "no address"],
        &["create", "b@example.com", "--scopes", "everything"],
        &["create", "b@example.com", "--org", "nowhere"],
        &["create", "b@example.com", "--attribute", "nothing"],
        &["create", "b@example.com", "--attribute", "Region=x"],
        &["disable", "ada@example.com", "--org", "nowhere"],
        &["remove", "ada@example.com", "--org", "default"],
        &["disable", "nobody@example.com"],
        &["link", "ada@example.com", "--url", "metrics.example.com"],
    ] {
        let ended = user(place, wrong);
        assert!(ended.status == 2 && ended.err.starts_with("invalid-argument: "), "{wrong:?}: {ended:?}");
    }
    assert_eq!(users(place).as_array().map(Vec::len), Some(1));
}
