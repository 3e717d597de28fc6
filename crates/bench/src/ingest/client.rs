//! The load generator: as little work as possible, because it shares the processors with what it measures.

use crate::Failure;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What a round brought.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// From request to answer, of each accepted request.
    pub(super) latencies: Vec<Duration>,
    /// Requests that were not answered 200.
    pub(super) refused: usize,
}

impl Round {
    /// Requests accepted per second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a round has far fewer requests than 2^52"
    )]
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// Sends every request over `clients` keep-alive connections and waits for all answers. Blocks; one thread.
pub(super) fn drive(
    address: SocketAddr,
    clients: usize,
    requests: Vec<Vec<u8>>,
) -> Result<Round, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(send_all(address, clients, Arc::new(requests)))
}

async fn send_all(
    address: SocketAddr,
    clients: usize,
    requests: Arc<Vec<Vec<u8>>>,
) -> Result<Round, Failure> {
    let mut streams = Vec::with_capacity(clients);
    for _ in 0..clients {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    let started = Instant::now();
    for stream in streams {
        running.spawn(client(stream, requests.clone(), next.clone()));
    }
    let mut whole = Round::default();
    while let Some(one) = running.join_next().await {
        let one = one??;
        whole.refused += one.refused;
        whole.latencies.extend(one.latencies);
    }
    whole.took = started.elapsed();
    Ok(whole)
}

async fn client(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> Result<Round, Failure> {
    let mut round = Round::default();
    let mut answer = Vec::with_capacity(1024);
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let sent = Instant::now();
        stream.write_all(request).await?;
        if accepted(&mut stream, &mut answer).await? {
            round.latencies.push(sent.elapsed());
        } else {
            round.refused += 1;
        }
    }
    Ok(round)
}

/// Reads an answer without a body, which is all the letterbox gives; says whether it was accepted.
pub(crate) async fn accepted(
    stream: &mut TcpStream,
    answer: &mut Vec<u8>,
) -> Result<bool, Failure> {
    answer.clear();
    while !answer.ends_with(b"\r\n\r\n") {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server closed a connection".into());
        }
    }
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
