//! Intercom's regions and their hosts.

use std::fmt;

use url::{Host, Url};

/// Where an Intercom workspace keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
    /// Australia.
    Au,
}

impl Region {
    /// All regions, the most frequent first.
    pub const ALL: [Self; 3] = [Self::Us, Self::Eu, Self::Au];

    /// The name Intercom gives it in `app.region`: `US`, `EU` or `AU`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Eu => "EU",
            Self::Au => "AU",
        }
    }

    /// The two regions besides this one, in the order of [`Region::ALL`].
    #[must_use]
    pub const fn others(self) -> [Self; 2] {
        match self {
            Self::Us => [Self::Eu, Self::Au],
            Self::Eu => [Self::Us, Self::Au],
            Self::Au => [Self::Us, Self::Eu],
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Us => 0,
            Self::Eu => 1,
            Self::Au => 2,
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Region {
    type Err = HostError;

    /// Reads a region name in any case, with surrounding white space.
    fn from_str(name: &str) -> Result<Self, HostError> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|region| region.as_str().eq_ignore_ascii_case(name))
            .ok_or(HostError::UnknownRegion)
    }
}

/// What is wrong with a configured host or region. The text never repeats the URL, which might hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Not one of the three regions.
    #[error("Intercom's regions are US, EU and AU")]
    UnknownRegion,
    /// Not an absolute URL.
    #[error("not a URL; expected something like https://api.intercom.io")]
    NotAUrl,
    /// Neither http nor https, or no host.
    #[error("the address must start with https:// and name a host")]
    WrongScheme,
    /// Plain http to another machine.
    #[error("plain http is allowed for this machine only (127.0.0.1, [::1], localhost); use https")]
    PlainHttp,
    /// User name, password, query or fragment present.
    #[error("the address must have no user name, password, query or fragment")]
    NotPlain,
}

/// Checks the address of an Intercom host: https, or plain http on loopback, with nothing but scheme, host,
/// port and path.
///
/// # Errors
/// [`HostError`], whose text tells what to change.
pub fn validate_host(address: &str) -> Result<Url, HostError> {
    let url = Url::parse(address.trim()).map_err(|_| HostError::NotAUrl)?;
    let host = url.host().ok_or(HostError::WrongScheme)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => return Err(HostError::PlainHttp),
        _ => return Err(HostError::WrongScheme),
    }
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain {
        Ok(url)
    } else {
        Err(HostError::NotPlain)
    }
}

pub(crate) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref().eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The hosts of a region: the API and the web app, and where OAuth leads when that is elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Base address of the API.
    pub api: Url,
    /// Base address of the web app that people use.
    pub web: Url,
    authorize: Option<Url>,
    token: Option<Url>,
}

impl Hosts {
    /// Hosts at these base addresses, with OAuth at its usual places.
    #[must_use]
    pub const fn new(api: Url, web: Url) -> Self {
        Self {
            api,
            web,
            authorize: None,
            token: None,
        }
    }

    /// The page on which a person authorizes an app: `oauth` on the web host, unless configured.
    #[must_use]
    pub fn authorize(&self) -> Url {
        let usual = || join(&self.web, &["oauth"]);
        self.authorize.clone().unwrap_or_else(usual)
    }

    /// Where a code is exchanged for a token: `auth/eagle/token` on the API host, unless configured.
    #[must_use]
    pub fn token(&self) -> Url {
        let usual = || join(&self.api, &["auth", "eagle", "token"]);
        self.token.clone().unwrap_or_else(usual)
    }

    /// Where an app uninstalls itself: `auth/uninstall` on the API host.
    #[must_use]
    pub fn uninstall(&self) -> Url {
        join(&self.api, &["auth", "uninstall"])
    }
}

/// The hosts of every region, with the overrides of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMap {
    regions: [Hosts; 3],
}

impl HostMap {
    /// Intercom's own hosts, as its OpenAPI description and help pages list them.
    ///
    /// # Errors
    /// None in practice: the addresses are constants of this crate.
    pub fn intercom() -> Result<Self, HostError> {
        let hosts = |api: &str, web: &str| -> Result<Hosts, HostError> {
            Ok(Hosts::new(validate_host(api)?, validate_host(web)?))
        };
        Ok(Self {
            regions: [
                hosts("https://api.intercom.io", "https://app.intercom.com")?,
                hosts("https://api.eu.intercom.io", "https://app.eu.intercom.com")?,
                hosts("https://api.au.intercom.io", "https://app.au.intercom.com")?,
            ],
        })
    }

    /// The hosts of a region.
    #[must_use]
    pub fn of(&self, region: Region) -> &Hosts {
        &self.regions[region.index()]
    }

    /// Replaces the API host of one region, or of all when `region` is `None`.
    ///
    /// # Errors
    /// [`HostError`] when the address is not acceptable; nothing is changed then.
    pub fn set_api(&mut self, region: Option<Region>, address: &str) -> Result<(), HostError> {
        let url = validate_host(address)?;
        self.each(region, |hosts| hosts.api = url.clone());
        Ok(())
    }

    /// Replaces the web host of one region, or of all when `region` is `None`.
    ///
    /// # Errors
    /// [`HostError`] when the address is not acceptable; nothing is changed then.
    pub fn set_web(&mut self, region: Option<Region>, address: &str) -> Result<(), HostError> {
        let url = validate_host(address)?;
        self.each(region, |hosts| hosts.web = url.clone());
        Ok(())
    }

    /// Replaces the whole address of the authorize page of one region, or of all when `region` is `None`.
    ///
    /// # Errors
    /// [`HostError`] when the address is not acceptable; nothing is changed then.
    pub fn set_authorize(
        &mut self,
        region: Option<Region>,
        address: &str,
    ) -> Result<(), HostError> {
        let url = validate_host(address)?;
        self.each(region, |hosts| hosts.authorize = Some(url.clone()));
        Ok(())
    }

    /// Replaces the whole address of the token exchange of one region, or of all when `region` is `None`.
    ///
    /// # Errors
    /// [`HostError`] when the address is not acceptable; nothing is changed then.
    pub fn set_token(&mut self, region: Option<Region>, address: &str) -> Result<(), HostError> {
        let url = validate_host(address)?;
        self.each(region, |hosts| hosts.token = Some(url.clone()));
        Ok(())
    }

    fn each(&mut self, region: Option<Region>, change: impl Fn(&mut Hosts)) {
        for candidate in Region::ALL {
            if region.is_none_or(|wanted| wanted == candidate) {
                change(&mut self.regions[candidate.index()]);
            }
        }
    }
}

/// The page of a conversation in Intercom's inbox, on the web host of the workspace's region.
#[must_use]
pub fn conversation_link(web: &Url, app_id: &str, conversation_id: &str) -> Url {
    join(
        web,
        &[
            "a",
            "inbox",
            app_id,
            "inbox",
            "conversation",
            conversation_id,
        ],
    )
}

/// The page of a contact in Intercom, on the web host of the workspace's region. Intercom documents no such address; this
/// is the one its own pages link to.
#[must_use]
pub fn contact_link(web: &Url, app_id: &str, contact_id: &str) -> Url {
    join(
        web,
        &[
            "a",
            "apps",
            app_id,
            "users",
            contact_id,
            "all-conversations",
        ],
    )
}

/// The page of a company in Intercom, on the web host of the workspace's region. Intercom documents no such address; it is
/// that of a contact with the word for companies in it.
#[must_use]
pub fn company_link(web: &Url, app_id: &str, company_id: &str) -> Url {
    join(web, &["a", "apps", app_id, "companies", company_id])
}

/// `base` with path segments appended, each percent-encoded.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_region_names_in_any_case() {
        assert_eq!("eu".parse(), Ok(Region::Eu));
        assert_eq!(" Au ".parse(), Ok(Region::Au));
        assert_eq!("UK".parse::<Region>(), Err(HostError::UnknownRegion));
        for region in Region::ALL {
            assert!(!region.others().contains(&region));
            assert_eq!(region.to_string().parse(), Ok(region));
        }
    }

    #[test]
    fn each_region_has_its_own_hosts() {
        let hosts = HostMap::intercom().unwrap();
        assert_eq!(
            hosts.of(Region::Us).api.as_str(),
            "https://api.intercom.io/"
        );
        assert_eq!(
            hosts.of(Region::Eu).api.as_str(),
            "https://api.eu.intercom.io/"
        );
        assert_eq!(
            hosts.of(Region::Au).web.as_str(),
            "https://app.au.intercom.com/"
        );
    }

    #[test]
    fn overrides_one_region_or_all() {
        let mut hosts = HostMap::intercom().unwrap();
        hosts.set_api(None, "http://127.0.0.1:8081").unwrap();
        hosts
            .set_web(Some(Region::Eu), "https://eu.example.test/app")
            .unwrap();
        assert_eq!(hosts.of(Region::Au).api.as_str(), "http://127.0.0.1:8081/");
        assert_eq!(
            hosts.of(Region::Eu).web.as_str(),
            "https://eu.example.test/app"
        );
        assert_eq!(
            hosts.of(Region::Us).web.as_str(),
            "https://app.intercom.com/"
        );
        let before = hosts.clone();
        assert_eq!(
            hosts.set_api(None, "http://intercom.test"),
            Err(HostError::PlainHttp)
        );
        assert_eq!(hosts, before);
    }

    #[test]
    fn oauth_leads_to_the_usual_pages_unless_configured() {
        let mut hosts = HostMap::intercom().unwrap();
        let eu = hosts.of(Region::Eu);
        assert_eq!(eu.authorize().as_str(), "https://app.eu.intercom.com/oauth");
        assert_eq!(
            eu.token().as_str(),
            "https://api.eu.intercom.io/auth/eagle/token"
        );
        assert_eq!(
            eu.uninstall().as_str(),
            "https://api.eu.intercom.io/auth/uninstall"
        );
        let one = "https://app.intercom.com/oauth";
        hosts.set_authorize(None, one).unwrap();
        hosts
            .set_token(Some(Region::Au), "http://127.0.0.1:1/token")
            .unwrap();
        assert_eq!(hosts.of(Region::Eu).authorize().as_str(), one);
        assert_eq!(
            hosts.of(Region::Au).token().as_str(),
            "http://127.0.0.1:1/token"
        );
        assert_eq!(
            hosts.of(Region::Us).token().as_str(),
            "https://api.intercom.io/auth/eagle/token"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "http://localhost:1",
            "http://127.9.9.9",
            "http://[::1]:80",
            "https://x.test",
        ] {
            assert!(validate_host(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://10.0.0.1", HostError::PlainHttp),
            ("http://localhost.evil.test", HostError::PlainHttp),
            ("ftp://127.0.0.1", HostError::WrongScheme),
            ("api.intercom.io", HostError::NotAUrl),
            ("https://me:secret@x.test", HostError::NotPlain),
            ("https://x.test/?a=b", HostError::NotPlain),
        ] {
            assert_eq!(validate_host(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn links_to_a_contact_on_the_right_host() {
        let web = Url::parse("https://app.au.intercom.com").unwrap();
        assert_eq!(
            contact_link(&web, "q7x", "65f0/a1").as_str(),
            "https://app.au.intercom.com/a/apps/q7x/users/65f0%2Fa1/all-conversations"
        );
    }

    #[test]
    fn links_to_a_company_on_the_right_host() {
        let web = Url::parse("https://app.eu.intercom.com").unwrap();
        assert_eq!(
            company_link(&web, "q7x", "65f0/c1").as_str(),
            "https://app.eu.intercom.com/a/apps/q7x/companies/65f0%2Fc1"
        );
    }

    #[test]
    fn links_to_a_conversation_on_the_right_host() {
        let web = Url::parse("https://app.eu.intercom.com").unwrap();
        assert_eq!(
            conversation_link(&web, "q7x", "815").as_str(),
            "https://app.eu.intercom.com/a/inbox/q7x/inbox/conversation/815"
        );
        let below = Url::parse("http://127.0.0.1:8081/web/").unwrap();
        assert_eq!(
            conversation_link(&below, "q 7/x", "815").as_str(),
            "http://127.0.0.1:8081/web/a/inbox/q%207%2Fx/inbox/conversation/815"
        );
    }
}
