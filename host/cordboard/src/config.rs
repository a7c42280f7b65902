//! The configuration file: TOML, every key optional, unknown keys refused.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// How an exchange runs. Defaults serve phones on this machine only.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Folder of the store; made when missing.
    pub data: PathBuf,
    pub sip: Sip,
    pub media: Media,
    pub api: Api,
    pub behaviours: Behaviours,
    pub screens: Screens,
    pub log: Log,
}

/// How pages of behaviours come to phones that have a browser.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Screens {
    /// How phones reach `api.listen`: `http://192.0.2.1:8060`. Empty: nothing is pushed.
    pub url: String,
    /// What the phones let in.
    pub user: String,
    pub password: Password,
    /// Of the phones' web servers.
    pub port: u16,
}

/// Not to be printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Default for Screens {
    fn default() -> Self {
        Self {
            url: String::new(),
            user: "cordboard".to_owned(),
            password: Password::default(),
            port: 80,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sip {
    /// Addresses to listen on; port 0 takes any free one.
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
    /// What peers know us by, where that differs from the address bound (behind NAT, or `0.0.0.0`).
    pub advertise: Option<IpAddr>,
    /// DNS servers that are asked for trunks' SRV records; empty: those of `/etc/resolv.conf`.
    pub dns: Vec<SocketAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Media {
    pub address: Option<IpAddr>,
    pub address_v6: Option<IpAddr>,
    /// First and last UDP port, `20000-29999`. A call takes two pairs.
    pub ports: Ports,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Ports(pub RangeInclusive<u16>);

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Api {
    pub listen: SocketAddr,
    /// Who may read `/metrics`.
    pub metrics: Metrics,
}

/// Who may read the metrics. They name no tenant, number or line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Everybody who reaches `api.listen`: what a Prometheus server expects.
    Open,
    /// Operators.
    Token,
    /// Everybody who reaches this other address; nobody at `api.listen`.
    Elsewhere(SocketAddr),
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "open" => Ok(Self::Open),
            "token" => Ok(Self::Token),
            address => address.parse().map(Self::Elsewhere).map_err(|_| {
                serde::de::Error::custom(format!(
                    "`{address}` is none of `open`, `token`, or an address such as `127.0.0.1:9100`"
                ))
            }),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Behaviours {
    /// Threads that run components; 0 for one per processor. As many more serve tenants whose components take long.
    pub threads: usize,
    /// Mebibytes of compiled components that are kept ready. One that is not is loaded by its next call, within a millisecond or two.
    pub room: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    pub format: LogFormat,
    /// As of the `RUST_LOG` variable, which wins: `info`, `info,cordboard_sip=debug`.
    pub level: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("cordboard-data"),
            sip: Sip::default(),
            media: Media::default(),
            api: Api::default(),
            behaviours: Behaviours::default(),
            screens: Screens::default(),
            log: Log::default(),
        }
    }
}

impl Default for Sip {
    fn default() -> Self {
        let local = SocketAddr::from(([127, 0, 0, 1], 5060));
        Self {
            udp: vec![local],
            tcp: vec![local],
            advertise: None,
            dns: Vec::new(),
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            address: None,
            address_v6: None,
            ports: Ports(20_000..=29_999),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8060)),
            metrics: Metrics::Open,
        }
    }
}

impl Default for Behaviours {
    fn default() -> Self {
        Self {
            threads: 0,
            room: 1_024,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
        }
    }
}

impl TryFrom<String> for Ports {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no range of ports such as `20000-29999`");
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let first: u16 = first.trim().parse().map_err(|_| wrong())?;
        let last: u16 = last.trim().parse().map_err(|_| wrong())?;
        if first < 1_024 || last < first.saturating_add(3) {
            return Err(format!(
                "`{text}` must start at 1024 or above and hold at least four ports"
            ));
        }
        Ok(Self(first..=last))
    }
}

impl Config {
    /// Reads the file, or takes the defaults when none is named.
    ///
    /// # Errors
    ///
    /// Names the file and the line of what is wrong.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        config.check().with_context(|| format!("in {}", path.display()))?;
        Ok(config)
    }

    /// What TOML's types cannot say.
    pub fn check(&self) -> Result<()> {
        if self.sip.udp.is_empty() && self.sip.tcp.is_empty() {
            bail!("`sip.udp` and `sip.tcp` are both empty: no phone could reach this exchange");
        }
        for address in self.sip.udp.iter().chain(&self.sip.tcp) {
            if address.ip().is_unspecified() && self.sip.advertise.is_none() {
                bail!(
                    "`{address}` listens on every address: say in `sip.advertise` which one phones should use"
                );
            }
        }
        Ok(())
    }

    /// The address that phones send their sound to.
    pub fn media_v4(&self) -> Option<IpAddr> {
        self.media.address.or_else(|| self.first_ip(IpAddr::is_ipv4))
    }

    pub fn media_v6(&self) -> Option<IpAddr> {
        self.media.address_v6.or_else(|| self.first_ip(IpAddr::is_ipv6))
    }

    fn first_ip(&self, wanted: fn(&IpAddr) -> bool) -> Option<IpAddr> {
        let bound = self.sip.udp.iter().chain(&self.sip.tcp).map(SocketAddr::ip);
        self.sip
            .advertise
            .into_iter()
            .chain(bound)
            .find(|ip| wanted(ip) && !ip.is_unspecified())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_may_say_as_little_as_it_likes() {
        let config: Config = toml::from_str("[sip]\nudp = [\"192.0.2.1:5060\"]\ntcp = []").unwrap();
        assert_eq!(config.sip.udp, ["192.0.2.1:5060".parse().unwrap()]);
        assert_eq!(config.media_v4(), Some("192.0.2.1".parse().unwrap()));
        assert!(config.check().is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        let unknown = toml::from_str::<Config>("[sip]\nupd = []")
            .unwrap_err()
            .to_string();
        assert!(unknown.contains("upd") && unknown.contains("udp"), "{unknown}");
        let ports = toml::from_str::<Config>("[media]\nports = \"9-1\"")
            .unwrap_err()
            .to_string();
        assert!(ports.contains("at least four ports"), "{ports}");
        let config: Config = toml::from_str("[sip]\nudp = [\"0.0.0.0:5060\"]").unwrap();
        assert!(config.check().unwrap_err().to_string().contains("sip.advertise"));
    }
}
