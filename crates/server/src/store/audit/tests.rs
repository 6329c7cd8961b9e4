use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;

fn record(operation: &str) -> Record {
    Record {
        at: "2026-11-22T10:00:00.123Z".parse().unwrap(),
        caller: "tok_1".into(),
        organization: "default".into(),
        environment: "production".into(),
        door: "mcp".into(),
        operation: operation.into(),
        outcome: "answered".into(),
        target: String::new(),
    }
}

/// A log of five records.
fn store() -> Store {
    let store = Store::in_memory();
    store.append_audit(&["a", "b", "c"].map(record)).unwrap();
    store.append_audit(&["d", "e"].map(record)).unwrap();
    store
}

/// Raw SQL, as somebody with the file in hand would run it.
fn tamper(store: &Store, statement: &str) {
    store
        .with(|connection| {
            connection.execute_batch("DROP TRIGGER IF EXISTS audit_log_is_not_changed")?;
            connection.execute_batch("DROP TRIGGER IF EXISTS audit_log_is_not_deleted")?;
            connection.execute_batch(statement)
        })
        .unwrap();
}

fn broken(sequence: i64, how: Break) -> Chain {
    Chain::Broken { sequence, how }
}

#[test]
fn a_record_is_sealed_as_written_down() {
    // Computed by Python's hashlib over the bytes that docs/state.md describes.
    let fields = record("get_metrics").fields();
    let hash: String = chain::seal(&chain::START, 1, &fields).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "c47a35473d60e03b28e712066c44ea332e9604cb4d7c973c9e76e41bfdb1c975");
}

#[test]
fn a_log_is_whole_until_somebody_tampers_with_it() {
    let store = store();
    let Chain::Whole(Some(head)) = store.verify_audit(None).unwrap() else { panic!("a whole log") };
    assert_eq!(head.sequence, 5);
    assert_eq!(head.to_string().parse(), Ok(head.clone()));
    assert_eq!(store.verify_audit(Some(&head)).unwrap(), Chain::Whole(Some(head)));
    assert_eq!(Store::in_memory().verify_audit(None).unwrap(), Chain::Whole(None));
    for change in ["UPDATE audit_log SET caller = ''", "DELETE FROM audit_log"] {
        assert!(store.with(|connection| connection.execute(change, [])).is_err(), "{change}");
    }
    let operations: Vec<String> =
        store.audit(Some("default"), 2).unwrap().into_iter().map(|entry| entry.record.operation).collect();
    assert_eq!(operations, ["d", "e"]);
    assert_eq!(store.audit(Some("other"), 10).unwrap(), []);
}

#[test]
fn every_column_is_under_the_seal() {
    for column in ["at", "caller", "organization", "environment", "door", "operation", "outcome", "target"] {
        let store = store();
        tamper(&store, &format!("UPDATE audit_log SET {column} = {column} || '0' WHERE sequence = 3"));
        assert_eq!(store.verify_audit(None).unwrap(), broken(3, Break::Changed), "{column}");
    }
    for (column, value) in
        [("previous", "zeroblob(32)"), ("previous", "x''"), ("hash", "zeroblob(32)"), ("hash", "x''")]
    {
        let store = store();
        tamper(&store, &format!("UPDATE audit_log SET {column} = {value} WHERE sequence = 3"));
        assert_eq!(store.verify_audit(None).unwrap(), broken(3, Break::Changed), "{column} = {value}");
    }
    // So is a target, also when it is taken away.
    let single = Store::in_memory();
    single.append_audit(&[Record { target: "tok_2".into(), ..record("revoke_token") }]).unwrap();
    assert!(matches!(single.verify_audit(None).unwrap(), Chain::Whole(Some(_))));
    tamper(&single, "UPDATE audit_log SET target = ''");
    assert_eq!(single.verify_audit(None).unwrap(), broken(1, Break::Changed));
    // A letter moved from one field to its neighbour leaves their bytes in a row as they were.
    let store = store();
    tamper(&store, "UPDATE audit_log SET caller = 'tok_', organization = '1default' WHERE sequence = 3");
    assert_eq!(store.verify_audit(None).unwrap(), broken(3, Break::Changed));
}

#[test]
fn what_is_missing_moved_or_foreign_is_named() {
    let swap = "UPDATE audit_log SET sequence = -2 WHERE sequence = 2; UPDATE audit_log SET sequence = 2 WHERE \
                sequence = 3; UPDATE audit_log SET sequence = 3 WHERE sequence = -2";
    for (statement, found) in [
        ("DELETE FROM audit_log WHERE sequence IN (2, 3)", broken(2, Break::Missing { through: 3 })),
        ("DELETE FROM audit_log WHERE sequence = 1", broken(1, Break::Missing { through: 1 })),
        ("UPDATE audit_log SET sequence = 9 WHERE sequence = 4", broken(4, Break::Missing { through: 4 })),
        ("UPDATE audit_log SET sequence = 0 WHERE sequence = 1", broken(0, Break::Foreign)),
        (swap, broken(2, Break::Changed)),
    ] {
        let store = store();
        tamper(&store, statement);
        assert_eq!(store.verify_audit(None).unwrap(), found, "{statement}");
    }
}

#[test]
fn a_record_that_was_sealed_anew_does_not_fit_the_next() {
    let store = store();
    let other = Record { caller: "tok_2".into(), ..record("b") };
    let previous: Vec<u8> = store
        .with(|connection| connection.query_row("SELECT hash FROM audit_log WHERE sequence = 1", [], |row| row.get(0)))
        .unwrap();
    let hash: String = chain::seal(&previous, 2, &other.fields()).iter().map(|byte| format!("{byte:02x}")).collect();
    tamper(&store, &format!("UPDATE audit_log SET caller = 'tok_2', hash = x'{hash}' WHERE sequence = 2"));
    assert_eq!(store.verify_audit(None).unwrap(), broken(3, Break::Unbound));
}

#[test]
fn a_kept_head_shows_a_cut_tail_and_a_log_written_anew() {
    let store = store();
    let Chain::Whole(Some(head)) = store.verify_audit(None).unwrap() else { panic!("a whole log") };
    tamper(&store, "DELETE FROM audit_log WHERE sequence >= 4");
    assert!(matches!(store.verify_audit(None).unwrap(), Chain::Whole(Some(Head { sequence: 3, .. }))));
    assert_eq!(store.verify_audit(Some(&head)).unwrap(), broken(4, Break::CutOff));
    store.append_audit(&["x", "y", "z"].map(record)).unwrap();
    assert!(matches!(store.verify_audit(None).unwrap(), Chain::Whole(Some(Head { sequence: 6, .. }))));
    assert_eq!(store.verify_audit(Some(&head)).unwrap(), broken(5, Break::NotAsKept));
    for wrong in ["", "5", "5:", "5:00", &format!("-1:{}", "0".repeat(64)), &"é".repeat(33)] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}

#[test]
fn nothing_of_a_caller_making_is_kept_that_should_not() {
    let store = Store::in_memory();
    let token = token::mint(token::Kind::Organization).unwrap();
    let long = "x".repeat(1_000);
    let operations = [format!("get_{}", token.expose()), "a\u{1b}[31m\nb".to_string(), long];
    store.append_audit(&operations.map(|operation| record(&operation))).unwrap();
    let kept: Vec<String> = store.audit(None, 10).unwrap().into_iter().map(|entry| entry.record.operation).collect();
    assert_eq!(kept, ["[redacted]".to_string(), "a[31mb".into(), "x".repeat(LONGEST_FIELD)]);
    assert!(matches!(store.verify_audit(None).unwrap(), Chain::Whole(Some(_))));
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sextant-audit-{name}-{}", std::process::id()))
}

#[test]
fn several_writers_make_one_chain() {
    let folder = folder("several");
    let path = folder.join("sextant.db");
    // Each log has a connection of its own, as processes have.
    let logs: Vec<AuditLog> =
        (0..4).map(|_| AuditLog::new(Arc::new(Store::at(path.clone()))).expect("a thread")).collect();
    std::thread::scope(|scope| {
        for (i, log) in logs.iter().enumerate() {
            scope.spawn(move || (0..500).for_each(|j| log.record(record(&format!("{i}-{j}")))));
        }
    });
    logs[0].flush();
    drop(logs);
    let store = Store::at(path);
    assert!(matches!(store.verify_audit(None).unwrap(), Chain::Whole(Some(Head { sequence: 2_000, .. }))));
    let mine: Vec<String> = store
        .audit(None, 5_000)
        .unwrap()
        .into_iter()
        .map(|entry| entry.record.operation)
        .filter(|operation| operation.starts_with("2-"))
        .collect();
    assert_eq!(mine, (0..500).map(|j| format!("2-{j}")).collect::<Vec<_>>());
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_tried_again_and_what_is_lost_is_said() {
    const PAUSES: [Duration; 2] = [Duration::from_millis(1); 2];
    let folder = folder("blocked");
    std::fs::create_dir_all(&folder).unwrap();
    // A file stands where the directory of the state should be.
    let blocked = folder.join("state");
    std::fs::write(&blocked, "").unwrap();
    let log = AuditLog::with_pauses(Arc::new(Store::at(blocked.join("sextant.db"))), &PAUSES).unwrap();
    for operation in ["a", "b", "c"] {
        log.record(record(operation));
        log.flush();
    }
    std::fs::remove_file(&blocked).unwrap();
    log.record(record("d"));
    drop(log);
    let store = Store::at(blocked.join("sextant.db"));
    let kept: Vec<String> = store.audit(None, 10).unwrap().into_iter().map(|entry| entry.record.operation).collect();
    assert_eq!(kept, ["3 records lost", "d"]);
    assert!(matches!(store.verify_audit(None).unwrap(), Chain::Whole(Some(_))));
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}
