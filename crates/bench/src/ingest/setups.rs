//! The servers that are compared.

use crate::Failure;
use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data, Path, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use earmark_connections::Endpoints;
use earmark_connections::webhook::{self, SIGNATURE_HEADER};
use earmark_db::Db;
use earmark_ingest::{Batching, Ingest, Settings};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use tokio::task::JoinHandle;

/// Three servers over one database: verifying alone, one INSERT a request, group commit.
#[derive(Debug)]
pub(super) struct Setups {
    verify: Server,
    alone: Server,
    group: Server,
}

impl Setups {
    /// Starts them; `each_alone` is how one INSERT a request is written.
    pub(super) fn start(
        db: &Db,
        endpoints: &Endpoints,
        each_alone: Batching,
    ) -> Result<Self, Failure> {
        let letterbox = |batching| {
            let settings = Settings {
                batching,
                ..Settings::default()
            };
            let ingest = Ingest::new(db.clone(), endpoints.clone(), settings);
            Server::start(move |app| earmark_ingest::routes(ingest.clone())(app))
        };
        let verifying = Data::new(endpoints.clone());
        Ok(Self {
            verify: Server::start(move |app| {
                app.app_data(verifying.clone())
                    .app_data(PayloadConfig::new(Settings::default().max_body))
                    .route(earmark_connections::HOOK_PATH, web::post().to(verify));
            })?,
            alone: letterbox(each_alone)?,
            group: letterbox(Batching::default())?,
        })
    }

    /// Where they listen, in this order.
    pub(super) fn addresses(&self) -> [SocketAddr; 3] {
        [&self.verify, &self.alone, &self.group].map(|server| server.address)
    }

    pub(super) async fn stop(self) {
        for server in [self.verify, self.alone, self.group] {
            server.stop().await;
        }
    }
}

/// What the letterbox does with a request, but for storing it.
async fn verify(
    endpoints: Data<Endpoints>,
    request: HttpRequest,
    token: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let Ok(Some(to)) = endpoints.resolve(&token).await else {
        return HttpResponse::NotFound().finish();
    };
    let header = request.headers().get(SIGNATURE_HEADER);
    let header = header.and_then(|value| value.to_str().ok());
    let secrets = to.secrets.iter().map(|live| live.secret.expose());
    match webhook::verify(header, &body, secrets) {
        Ok(_) if webhook::peek(&body).is_ok() => HttpResponse::Ok().finish(),
        Ok(_) => HttpResponse::BadRequest().finish(),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}

/// A server on a free port.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) fn start(
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(move || App::new().configure(routes.clone()))
            .disable_signals()
            .listen(listener)?
            .run();
        Ok(Self {
            address,
            handle: server.handle(),
            ended: tokio::spawn(server),
        })
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.ended.await;
    }
}
