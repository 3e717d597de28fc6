//! A TCP proxy that breaks the connection between a program and what it depends on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Refuse,
    Stall,
}

#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    /// Grows with each cut; a connection lives in the era it began in.
    era: u64,
}

/// Stands before a server on the loopback interface and passes bytes on until it is told otherwise. It ends with the
/// runtime it was started on; dropping it cuts everything.
#[derive(Debug)]
pub struct FaultProxy {
    addr: SocketAddr,
    state: watch::Sender<State>,
}

impl FaultProxy {
    /// Starts a proxy before `upstream`, passing.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let addr = listener.local_addr().expect("the listener's address");
        let (state, seen) = watch::channel(State {
            mode: Mode::Pass,
            era: 0,
        });
        tokio::spawn(accept(listener, upstream, seen));
        Self { addr, state }
    }

    /// Where clients connect to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Passes everything; what was stalled goes on.
    pub fn pass(&self) {
        self.state.send_modify(|state| state.mode = Mode::Pass);
    }

    /// Closes new connections at once. Those that are open go on, see [`FaultProxy::cut`].
    pub fn refuse(&self) {
        self.state.send_modify(|state| state.mode = Mode::Refuse);
    }

    /// Accepts new connections and lets no byte through, on old ones neither.
    pub fn stall(&self) {
        self.state.send_modify(|state| state.mode = Mode::Stall);
    }

    /// Closes all open connections.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.era += 1);
    }

    /// The server is gone: open connections are cut, new ones refused.
    pub fn down(&self) {
        self.state.send_modify(|state| {
            state.mode = Mode::Refuse;
            state.era += 1;
        });
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, mut state: watch::Receiver<State>) {
    let mut life = state.clone();
    loop {
        let client = tokio::select! {
            accepted = listener.accept() => accepted,
            () = dropped(&mut life) => return,
        };
        let now = *state.borrow_and_update();
        if let Ok((client, _)) = client
            && now.mode != Mode::Refuse
        {
            tokio::spawn(serve(client, upstream, state.clone(), now.era));
        }
    }
}

/// Passes bytes both ways until either side ends, or the connection is cut.
async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    mut state: watch::Receiver<State>,
    era: u64,
) {
    let mut cut = state.clone();
    let pass = async {
        let passing = state.wait_for(|state| state.mode != Mode::Stall).await;
        passing.map_err(io::Error::other)?;
        let server = TcpStream::connect(upstream).await?;
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::try_join!(
            copy(from_client, to_server, state.clone()),
            copy(from_server, to_client, state.clone()),
        )
    };
    tokio::select! {
        _ = pass => {}
        _ = cut.wait_for(|state| state.era != era) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let passing = state.wait_for(|state| state.mode != Mode::Stall).await;
        passing.map_err(io::Error::other)?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

async fn dropped(state: &mut watch::Receiver<State>) {
    while state.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    /// An upstream that answers every byte with the next one.
    async fn counter() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while let Ok(byte) = stream.read_u8().await {
                        if stream.write_u8(byte + 1).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        addr
    }

    async fn ask(stream: &mut TcpStream, byte: u8) -> io::Result<u8> {
        stream.write_u8(byte).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn passes_stalls_cuts_and_refuses() {
        let proxy = FaultProxy::start(counter().await).await;
        let mut open = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut open, 1).await.unwrap(), 2);

        proxy.stall();
        let mut stalled = TcpStream::connect(proxy.addr()).await.unwrap();
        let silence = Duration::from_millis(100);
        assert!(timeout(silence, ask(&mut stalled, 5)).await.is_err());
        assert!(timeout(silence, ask(&mut open, 7)).await.is_err());
        proxy.pass();
        assert_eq!(stalled.read_u8().await.unwrap(), 6);
        assert_eq!(open.read_u8().await.unwrap(), 8);

        proxy.refuse();
        assert_eq!(ask(&mut open, 9).await.unwrap(), 10);
        let mut refused = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(ask(&mut refused, 1).await.is_err());
        proxy.cut();
        assert!(ask(&mut open, 1).await.is_err());

        proxy.pass();
        let mut again = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(ask(&mut again, 1).await.unwrap(), 2);
        proxy.down();
        assert!(ask(&mut again, 1).await.is_err());
    }
}
