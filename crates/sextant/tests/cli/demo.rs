//! The first command of the README: from nothing to KPIs, today and three months from now.

use crate::process::{Answer, repository, run, sextant_in};

#[test]
fn the_demo_makes_its_data_once_and_again_when_it_is_old() {
    let home = tempfile::tempdir().expect("a directory");
    let demo = |now: &str| {
        let models = repository().join("semantic-models/commerce");
        let mut command = sextant_in(home.path());
        let output = run(command.env("SEXTANT_MODELS", models).args(["demo", "--now", now]), b"");
        Answer::of(&output)
    };
    let first = demo("2026-11-20T09:00:00-05:00");
    assert_eq!(first.status, 0, "{first:?}");
    for text in ["Net sales", "Blended ROAS", "sextant audit", "Next:", "2026-11-19"] {
        assert!(first.out.contains(text), "{text}: {}", first.out);
    }
    assert!(first.out.contains('▁') && first.out.contains('█'), "a trend: {}", first.out);
    assert!(first.err.contains("2026-11-19"), "the data is made: {}", first.err);
    let again = demo("2026-11-20T18:00:00-05:00");
    assert!(again.status == 0 && !again.err.contains("orders"), "nothing is made twice: {}", again.err);
    let later = demo("2027-02-20T09:00:00-05:00");
    assert_eq!(later.status, 0, "{later:?}");
    assert!(later.err.contains("2027-02-19"), "old data is remade: {}", later.err);
    assert!(later.out.contains("2027-02-19"), "{}", later.out);
}
