//! `just bench client`: how fast and in how much memory the client's streams read, beside a plain loop.

use crate::stand_in::{StandIn, TOKEN};
use crate::{Failure, backfill, machine, report};
use earmark_connections::{HostMap, Region, SourcesEnvironment};
use earmark_intercom::search::Group;
use earmark_intercom::{
    BudgetKey, Client, Contact, Http, Lane, Listing, LocalBudget, Policy, Token, contacts,
};
use earmark_model::Sources;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Contacts on a page.
const PAGE: usize = 150;
/// More calls in ten seconds than any way of reading makes.
const RATE: usize = 1_000_000;
/// Streams side by side, each with days of its own.
const STREAMS: i64 = 8;
/// What whoever reads does with a page, where that is measured: a transaction of a database, for instance.
const WORK: Duration = Duration::from_millis(50);
/// The most memory above idle, in MB.
const MEMORY_LIMIT: f64 = 32.0;

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Contacts, created over three years, a fifth of them on one day.
    pub(crate) contacts: usize,
    /// Pages of each measurement.
    pub(crate) pages: usize,
    /// Milliseconds of each answer, in the measurements that have some.
    pub(crate) latency: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            contacts: 200_000,
            pages: 150,
            latency: 100,
        }
    }
}

/// Runs the bench and prints its report.
pub(crate) async fn run(plan: Plan) -> Result<(), Failure> {
    report::line(&format!(
        "bench client: {}; {} contacts, pages of {PAGE}, {} pages a measurement",
        machine::facts(),
        plan.contacts,
        plan.pages,
    ))?;
    let head = [
        "pages a second",
        "loop",
        "stream",
        "8 streams",
        "loop, work",
        "stream, work",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    let mut memory = None;
    for latency in [0, plan.latency] {
        let intercom = StandIn::start(&backfill::Plan {
            contacts: plan.contacts,
            latency,
            rate: RATE,
        })?;
        let client = client(&intercom.url)?;
        if memory.is_none() {
            memory = Some(stream_all(&client, plan.contacts).await?);
        }
        let [alone, stream, streams, works, ahead] = measure(&intercom, &client, plan.pages)
            .await?
            .map(|figure| format!("{figure:.1}"));
        let name = format!("{latency} ms an answer");
        rows.push([name, alone, stream, streams, works, ahead]);
    }
    report::table(&rows)?;
    let (idle, peak) = memory.unwrap_or_default();
    report::line(&format!(
        "
  all {} contacts streamed: {:.1} MB above the {idle:.1} MB of an idle client at most (under {MEMORY_LIMIT:.0})",
        plan.contacts,
        peak - idle,
    ))?;
    report::line(
        "
loop        one reqwest request after another along the cursor, read as plain JSON
stream      the client's own stream along the same cursor, read as contacts, two pages ahead
8 streams   the client's searches for eight spans of days, side by side
work        50 ms spent on each page by whoever reads: the stream fetches the next ones meanwhile
memory      VmHWM of /proc/self/status while streaming, beside VmRSS before, in MB of 1,000,000 bytes",
    )
}

/// Pages a second of each way, in the order of the columns.
async fn measure(intercom: &StandIn, client: &Client, pages: usize) -> Result<[f64; 5], Failure> {
    Ok([
        follow(&intercom.url, pages, Duration::ZERO).await?,
        read(client.contacts(), pages, Duration::ZERO).await?,
        side_by_side(client, pages).await?,
        follow(&intercom.url, pages, WORK).await?,
        read(client.contacts(), pages, WORK).await?,
    ])
}

fn client(url: &str) -> Result<Client, Failure> {
    let environment = Arc::new(SourcesEnvironment(Sources::system()));
    let http = Http::new(Policy::default(), environment.clone())?;
    let mut hosts = HostMap::intercom()?;
    hosts.set_api(Some(Region::Us), url)?;
    let token = Token::new(TOKEN);
    let key = BudgetKey::unproven(&token);
    let budget = Arc::new(LocalBudget::new(environment));
    let hosts = hosts.of(Region::Us).clone();
    Ok(Client::new(
        &http,
        hosts,
        token,
        budget,
        key,
        Lane::Interactive,
    ))
}

/// Streams every contact; the memory before and the most during it, in MB.
async fn stream_all(client: &Client, contacts: usize) -> Result<(f64, f64), Failure> {
    client.me().await?;
    let idle = memory("VmRSS")?;
    // Begins the high-water mark anew.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let mut pages = client.contacts().pages();
    let mut read = 0;
    while let Some(page) = pages.next().await {
        read += page?.items.len();
    }
    if read < contacts {
        return Err(format!("{read} of {contacts} contacts came").into());
    }
    Ok((idle, memory("VmHWM")?))
}

/// A line of `/proc/self/status` in MB.
fn memory(name: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let text = machine::field(&status, name).ok_or("/proc has no such line")?;
    let kibibytes: f64 = text.trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes * 1_024.0 / 1_000_000.0)
}

/// Pages a second by the common way: a request, its answer, the next request.
async fn follow(url: &str, pages: usize, work: Duration) -> Result<f64, Failure> {
    let http = reqwest::Client::new();
    let (start, mut cursor, mut read) = (Instant::now(), None::<String>, 0);
    for _ in 0..pages {
        let after = cursor.map(|cursor| format!("&starting_after={cursor}"));
        let after = after.unwrap_or_default();
        let request = http
            .get(format!("{url}/contacts?per_page={PAGE}{after}"))
            .bearer_auth(TOKEN)
            .header("Intercom-Version", "2.14");
        let bytes = request.send().await?.error_for_status()?.bytes().await?;
        let page: Value = serde_json::from_slice(&bytes)?;
        read += 1;
        pause(work).await;
        let next = page["pages"]["next"]["starting_after"].as_str();
        match next {
            Some(next) => {
                cursor = Some(
                    next.replace('+', "%2B")
                        .replace('=', "%3D")
                        .replace('/', "%2F"),
                )
            }
            None => break,
        }
    }
    Ok(rate(read, start))
}

/// Pages a second from one stream.
async fn read(list: Listing<Contact>, most: usize, work: Duration) -> Result<f64, Failure> {
    let (start, mut pages, mut read) = (Instant::now(), list.ahead(2).pages(), 0);
    while read < most
        && let Some(page) = pages.next().await
    {
        page?;
        read += 1;
        pause(work).await;
    }
    Ok(rate(read, start))
}

/// Pages a second from streams that share the days of the last three years among them.
async fn side_by_side(client: &Client, most: usize) -> Result<f64, Failure> {
    let start = Instant::now();
    let now = Sources::system().now();
    let span = chrono::TimeDelta::days(3 * 366 / STREAMS);
    let each = most / usize::try_from(STREAMS)?;
    let mut reading = tokio::task::JoinSet::new();
    for n in 0..i32::try_from(STREAMS)? {
        let (from, to) = (now - span * (n + 1), now - span * n);
        let days = Group::all([
            contacts::CREATED_AT.after_day_of(from),
            contacts::CREATED_AT.before_day_of(to),
        ])?;
        let mut pages = client.search_contacts(days).ahead(2).pages();
        reading.spawn(async move {
            let mut read = 0;
            while read < each
                && let Some(page) = pages.next().await
            {
                page?;
                read += 1;
            }
            Ok::<_, earmark_intercom::Error>(read)
        });
    }
    let mut read = 0;
    while let Some(part) = reading.join_next().await {
        read += part??;
    }
    Ok(rate(read, start))
}

async fn pause(work: Duration) {
    if !work.is_zero() {
        tokio::time::sleep(work).await;
    }
}

fn rate(pages: usize, since: Instant) -> f64 {
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    f64::from(pages) / since.elapsed().as_secs_f64()
}
