//! The senders: one by the clock, one as fast as it is let. Each has a thread of its own.

use crate::Failure;
use crate::ingest::bodies::{CONVERSATION, TAGGED, TEXT, request, set};
use crate::ingest::client::accepted;
use crate::ingest::doors::Door;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Keep-alive connections of the sender by the clock at most: more than are ever waiting for an answer.
const CLIENTS: usize = 64;
const PART: &str = "/data/item/conversation/conversation_parts/conversation_parts/0";
/// Of the tagging; the tag that the payload names.
pub(super) const TAG: (&str, &str) = ("830041", "product feedback");

/// Makes webhooks, each of which tags another message of another conversation.
struct Letters {
    tagged: Value,
}

impl Letters {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            tagged: serde_json::from_str(TAGGED)?,
        })
    }

    /// A request whose ticket has `number` as its title.
    fn letter(
        &mut self,
        door: &Door,
        number: u64,
        address: SocketAddr,
        now: i64,
    ) -> Result<Vec<u8>, Failure> {
        let tagged = &mut self.tagged;
        tagged["app_id"] = json!(door.app_id);
        tagged["id"] = json!(format!("notif_{number:036}"));
        set(tagged, "/data/item/created_at", json!(now))?;
        set(
            tagged,
            CONVERSATION,
            json!((315_473_908_000_000 + number).to_string()),
        )?;
        set(
            tagged,
            &format!("{PART}/id"),
            json!((75_190_000_000 + number).to_string()),
        )?;
        set(tagged, TEXT, json!(format!("<p>{number}</p>")))?;
        Ok(request(door, address, &serde_json::to_vec(tagged)?))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a payload says when it happened, and the server beside it has the machine's clock"
)]
fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Counts a second.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^52"
)]
pub(super) fn rate(count: u64, seconds: usize) -> f64 {
    count as f64 / seconds.max(1) as f64
}

/// Sends `count` webhooks at `rate` a second, numbered from `first`; gives when each that was accepted was to be sent.
/// Blocks.
pub(super) fn steady(
    address: SocketAddr,
    doors: &[Door],
    rate: usize,
    first: u64,
    count: usize,
) -> Result<HashMap<u64, Instant>, Failure> {
    let mut letters = Letters::new()?;
    let mut requests = Vec::with_capacity(count);
    let at = now();
    for (n, door) in doors.iter().cycle().take(count).enumerate() {
        let number = first + n as u64;
        requests.push((number, letters.letter(door, number, address, at)?));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(send_by_the_clock(address, requests, rate))
}

async fn send_by_the_clock(
    address: SocketAddr,
    requests: Vec<(u64, Vec<u8>)>,
    rate: usize,
) -> Result<HashMap<u64, Instant>, Failure> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicU64::new(0)));
    let start = Instant::now() + Duration::from_millis(100);
    let mut running = JoinSet::new();
    // No more than webhooks in a second: the server closes a connection that is silent for five.
    for _ in 0..CLIENTS.min(rate) {
        let mut stream = connect(address).await?;
        let (requests, next) = (requests.clone(), next.clone());
        running.spawn(async move {
            let (mut sent, mut answer) = (Vec::new(), Vec::with_capacity(1024));
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some((number, request)) = usize::try_from(n).ok().and_then(|n| requests.get(n))
                else {
                    return Ok::<_, Failure>(sent);
                };
                let at = start + Duration::from_secs(1).mul_f64(self::rate(n, rate));
                sleep_until(at).await;
                write(&mut stream, request).await?;
                if accepted(&mut stream, &mut answer).await? {
                    sent.push((*number, at));
                }
            }
        });
    }
    let mut all = HashMap::new();
    while let Some(one) = running.join_next().await {
        all.extend(one??);
    }
    Ok(all)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn write(stream: &mut TcpStream, request: &[u8]) -> Result<(), Failure> {
    use tokio::io::AsyncWriteExt;
    Ok(stream.write_all(request).await?)
}

/// Webhooks as fast as they are accepted, until it is stopped.
pub(super) struct Flood {
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    thread: JoinHandle<Result<(), Failure>>,
}

/// Numbers of webhooks that were ever made for a neighbour.
static FLOODED: AtomicU64 = AtomicU64::new(1_000_000_000);

impl Flood {
    pub(super) fn start(address: SocketAddr, door: Door, clients: usize) -> Self {
        let (stop, accepted) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let thread = std::thread::spawn({
            let (stop, accepted) = (stop.clone(), accepted.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(flood(address, &door, clients, &stop, &accepted))
            }
        });
        Self {
            stop,
            accepted,
            thread,
        }
    }

    /// How many were accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn stop(self) -> Result<(), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the flood broke off")?
    }
}

async fn flood(
    address: SocketAddr,
    door: &Door,
    clients: usize,
    stop: &Arc<AtomicBool>,
    count: &Arc<AtomicU64>,
) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (mut stream, door) = (connect(address).await?, door.clone());
        let (stop, count) = (stop.clone(), count.clone());
        running.spawn(async move {
            let (mut letters, mut answer) = (Letters::new()?, Vec::with_capacity(1024));
            while !stop.load(Ordering::Relaxed) {
                let number = FLOODED.fetch_add(1, Ordering::Relaxed);
                let request = letters.letter(&door, number, address, now())?;
                write(&mut stream, &request).await?;
                if accepted(&mut stream, &mut answer).await? {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(one) = running.join_next().await {
        one??;
    }
    Ok(())
}
