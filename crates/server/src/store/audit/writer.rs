//! The writer of the audit log: a queue and a thread, so that no call waits for the disk.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Record;
use crate::store::Store;

/// Records that wait for the disk at most; who comes then waits too.
const QUEUE: usize = 8_192;
/// Records of a transaction at most.
const GROUP: usize = 1_024;
/// How long a record waits for others to share its transaction.
const GATHERING: Duration = Duration::from_millis(20);
/// How long to wait before each new attempt at a file that cannot be written; after the last the records are lost,
/// which the log and the first record after them say.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// The log as a door sees it. Dropping it writes what is queued.
#[derive(Debug)]
pub struct AuditLog {
    queue: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Message {
    Record(Record),
    /// Answered when everything before it is on the disk.
    Flush(SyncSender<()>),
}

impl AuditLog {
    /// A log in this state, by a connection of its own: a look-up of a token does not wait for the log's disk.
    pub fn new(store: Arc<Store>) -> std::io::Result<AuditLog> {
        AuditLog::with_pauses(store, &PAUSES)
    }

    pub(super) fn with_pauses(store: Arc<Store>, pauses: &'static [Duration]) -> std::io::Result<AuditLog> {
        let store = store.apart();
        let (queue, queued) = sync_channel(QUEUE);
        let mut writer = Writer { store, pauses, lost: 0 };
        let thread = std::thread::Builder::new().name("audit-log".into()).spawn(move || writer.run(&queued))?;
        Ok(AuditLog { queue: Some(queue), writer: Some(thread) })
    }

    /// Queues the record; returns at once unless the queue is full.
    pub fn record(&self, record: Record) {
        self.send(Message::Record(record));
    }

    /// Returns when everything recorded before is on the disk.
    pub fn flush(&self) {
        let (done, is_done) = sync_channel(1);
        self.send(Message::Flush(done));
        // An error means that the writer has ended, which `send` has said.
        let _ = is_done.recv();
    }

    fn send(&self, message: Message) {
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(message).is_ok());
        if !sent {
            tracing::error!("the writer of the audit log has ended; a record is lost");
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer of the audit log has failed");
        }
    }
}

struct Writer {
    store: Arc<Store>,
    pauses: &'static [Duration],
    /// Records that could not be written since the last that could.
    lost: usize,
}

impl Writer {
    /// Until every sender is gone and the queue is empty.
    fn run(&mut self, queued: &Receiver<Message>) {
        while let Ok(first) = queued.recv() {
            let (group, waiting) = gather(first, queued);
            if !group.is_empty() {
                self.write(group);
            }
            for done in waiting {
                // Who flushed may have gone away.
                let _ = done.send(());
            }
        }
    }

    fn write(&mut self, mut group: Vec<Record>) {
        let count = group.len();
        if self.lost > 0 {
            group.insert(0, gap(&group[0], self.lost));
        }
        for pause in self.pauses.iter().map(Some).chain([None]) {
            match (self.store.append_audit(&group), pause) {
                (Ok(()), _) => {
                    self.lost = 0;
                    return;
                }
                (Err(_), Some(pause)) => std::thread::sleep(*pause),
                (Err(_), None) => {}
            }
        }
        self.lost += count;
        tracing::error!(records = self.lost, "the audit log cannot be written; records are lost");
    }
}

/// What came within a moment of the first.
fn gather(first: Message, queued: &Receiver<Message>) -> (Vec<Record>, Vec<SyncSender<()>>) {
    let (mut group, mut waiting) = (Vec::new(), Vec::new());
    let until = Instant::now() + GATHERING;
    let mut next = Ok(first);
    loop {
        match next {
            Ok(Message::Record(record)) => group.push(record),
            Ok(Message::Flush(done)) => waiting.push(done),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
        if group.len() == GROUP || !waiting.is_empty() {
            break;
        }
        next = queued.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
    (group, waiting)
}

/// The record that stands for those that were lost before `next`.
fn gap(next: &Record, lost: usize) -> Record {
    Record {
        at: next.at,
        caller: "server".into(),
        organization: String::new(),
        environment: String::new(),
        door: String::new(),
        operation: format!("{lost} records lost"),
        outcome: sextant_semantics::code::Code::StoreUnavailable.to_string(),
        target: String::new(),
    }
}
