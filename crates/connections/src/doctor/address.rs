//! Our public address, from here and as Intercom sees it.

use super::words::{bad, good, moment, warn};
use super::{Blocked, Patient};
use chrono::TimeDelta;
use earmark_db::across::Sighting;
use earmark_db::tenant::{DeliveryFilter, Via};
use earmark_intercom::Region;
use earmark_model::{Check, ConnectionStatus, Finding};
use url::{Host, Url};

/// What came from outside within this time outweighs that we cannot reach ourselves: some networks do not let a machine
/// call its own public address.
const RECENT: TimeDelta = TimeDelta::days(1);

/// Whether an address is this machine's alone.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Patient<'_> {
    /// Whether Intercom can reach us.
    pub(super) async fn public_url(&self) -> earmark_db::Result<Finding> {
        let line = Check::PublicUrl;
        if self.row.status == ConnectionStatus::Disconnected {
            return Ok(Blocked::Disconnected.line(line));
        }
        let url = &self.doctor.public_url;
        let plain = url.scheme() != "https";
        if plain && !self.intercom_is_here() {
            return Ok(bad(
                line,
                format!(
                    "The public address {url} is plain http: Intercom sends webhooks to https only."
                ),
                "The operator has to put https before Earmark, such as a proxy with a certificate, and to set \
                 server.public_url to that address.",
            ));
        }
        let outside = self.seen_from_outside().await?;
        let here = self.asked_from_here().await;
        let seen = outside
            .as_ref()
            .map_or("Nothing has come in from Intercom yet.", |(words, _)| words);
        Ok(match here {
            Ok(()) if plain => good(
                line,
                format!(
                    "{url} answers. Plain http will do here: Intercom's hosts are on this machine, too. {seen}"
                ),
            ),
            Ok(()) => good(
                line,
                format!("{url} is https and answers from here. {seen}"),
            ),
            Err(why) => {
                let evidence = format!("{url} does not answer a request from here: {why}. {seen}");
                let cure = "The operator should see whether server.public_url is the address that leads here, and whether \
                    proxy, firewall and certificate let it through.";
                if outside.is_some_and(|(_, recent)| recent) {
                    warn(line, evidence, cure)
                } else {
                    bad(line, evidence, cure)
                }
            }
        })
    }

    /// Whether Intercom's hosts are on this machine, as the sandbox's are.
    fn intercom_is_here(&self) -> bool {
        let region: Result<Region, _> = self.row.region.parse();
        region.is_ok_and(|region| is_loopback(&self.doctor.store.hosts().of(region).api))
    }

    /// Asks for our own health page; redirects are not followed.
    async fn asked_from_here(&self) -> Result<(), String> {
        let base = self.doctor.public_url.as_str().trim_end_matches('/');
        let asked = self.doctor.http.get(format!("{base}/healthz")).send().await;
        match asked {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!(
                "it answered with status {}",
                answer.status().as_u16()
            )),
            Err(error) if error.is_timeout() => {
                Err("it did not answer within 5 seconds".to_owned())
            }
            Err(error) if error.is_connect() => {
                Err("no connection could be made, or its certificate is not valid".to_owned())
            }
            Err(_) => Err("the connection broke off".to_owned()),
        }
    }

    /// The last thing that came from Intercom, in words, and whether it is recent.
    async fn seen_from_outside(&self) -> earmark_db::Result<Option<(String, bool)>> {
        let tenant = self.doctor.store.db.workspace(self.workspace);
        let newest = tenant
            .deliveries(self.row.id, &DeliveryFilter::default(), 1)
            .await?;
        let delivery = newest
            .first()
            .map(|one| (one.topic.as_deref().unwrap_or("delivery"), one.received_at));
        let mut head = self.row.last_head_at.map(|at| ("a HEAD request", at));
        if let Via::Installation { .. } = self.row.via {
            let across = self.doctor.store.db.across();
            let sighted = across.sighted(Sighting::Head).await?;
            head = sighted.map(|sighted| ("a HEAD request", sighted.last_at));
        }
        let received = self.received().chain(delivery).chain(head);
        let last = received.max_by_key(|(_, at)| *at);
        Ok(last.map(|(topic, at)| {
            let words = format!("Last from Intercom: {topic} on {}.", moment(at));
            (words, self.now - at <= RECENT)
        }))
    }
}
