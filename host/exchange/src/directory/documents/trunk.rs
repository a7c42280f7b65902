use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use contract::NumberClass;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Credentials, MediaWay, Secret};
use crate::directory::TrunkId;

/// A way to the outside: a provider, a gateway, another exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trunk {
    pub id: TrunkId,
    #[serde(default)]
    pub name: String,
    pub access: Access,
    /// Where outbound calls are sent: a SIP URI (`sip:sbc.example.net:5060;transport=tcp`). Absent: to where it
    /// registers, or to the contact it registered; a trunk known by address alone is then inbound only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<String>,
    /// Lower is tried first; equal ones in the order of their ids.
    #[serde(default)]
    pub priority: u16,
    /// Calls at once in both directions; 0: as many as the tenant may have.
    #[serde(default)]
    pub max_calls: u32,
    /// Classes that it carries.
    #[serde(default = "every_outside_class")]
    pub classes: Vec<NumberClass>,
    /// Takes emergency calls.
    #[serde(default = "yes")]
    pub emergency: bool,
    /// Applied to the called number on its way out; the first that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outbound_rules: Vec<PrefixRule>,
    /// Applied to called and calling numbers on their way in, before they are normalised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inbound_rules: Vec<PrefixRule>,
    /// How numbers are written on it.
    #[serde(default)]
    pub scheme: Scheme,
    #[serde(default)]
    pub caller_id: CallerIdPolicy,
    /// Which way its sound goes; absent: the tenant's. Both ends of a call have to allow `direct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaWay>,
    /// Whether the exchange behind it and we tell each other how lines are.
    #[serde(default, skip_serializing_if = "DialogWatches::is_off")]
    pub dialog_watches: DialogWatches,
}

fn yes() -> bool {
    true
}

fn every_outside_class() -> Vec<NumberClass> {
    use NumberClass::{Fixed, Free, Mobile, NearAbroad, Premium, World};
    vec![Fixed, Mobile, Free, Premium, NearAbroad, World]
}

/// Lines that are watched over a trunk: SUBSCRIBE and NOTIFY (RFC 6665) of the event package `dialog` (RFC 4235).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DialogWatches {
    /// It is asked how lines are whose phones it has, as long as somebody wants to know.
    pub outbound: bool,
    /// It may ask how lines are whose phones are here.
    pub inbound: bool,
}

impl DialogWatches {
    const fn is_off(&self) -> bool {
        !self.outbound && !self.inbound
    }
}

/// How the trunk and we know each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Access {
    /// By its source address, as `192.0.2.7` or `192.0.2.0/24`.
    #[serde(rename_all = "kebab-case")]
    Address {
        networks: Vec<Network>,
        /// What its challenges to our calls are answered with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<Login>,
    },
    /// We register with it, and answer its challenges.
    #[serde(rename_all = "kebab-case")]
    Register {
        /// `sip:sip.example.net`.
        registrar: String,
        username: String,
        password: Secret,
        /// User name in the challenge's answer, where it differs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        auth_username: Option<String>,
        /// Seconds asked for.
        #[serde(default = "an_hour")]
        expires: u32,
        /// Addresses that calls come from, where it is not the registrar alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        networks: Vec<Network>,
    },
    /// It registers with us, and answers ours.
    #[serde(rename_all = "kebab-case")]
    Registered { credentials: Credentials },
}

/// An account with a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    pub username: String,
    pub password: Secret,
}

fn an_hour() -> u32 {
    3_600
}

impl Access {
    /// Source addresses that identify it.
    pub fn networks(&self) -> &[Network] {
        match self {
            Self::Address { networks, .. } | Self::Register { networks, .. } => networks,
            Self::Registered { .. } => &[],
        }
    }

    pub(super) fn redact(&mut self) {
        match self {
            Self::Address { login, .. } => {
                if let Some(login) = login {
                    login.password = Secret::default();
                }
            }
            Self::Register { password, .. } => *password = Secret::default(),
            Self::Registered { credentials } => credentials.redact(),
        }
    }
}

/// Takes `strip` digits off a number that starts with `prefix`, and puts `add` in front.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PrefixRule {
    #[serde(default)]
    pub prefix: String,
    #[serde(default)]
    pub strip: u8,
    #[serde(default)]
    pub add: String,
}

/// How a trunk wants numbers written, before its prefix rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// `+33123456789`.
    #[default]
    E164,
    /// `33123456789`.
    E164NoPlus,
    /// As dialled in the country: `0123456789`, `004930123456`.
    National,
}

/// Which calling number goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CallerIdPolicy {
    /// Let through numbers that are not the tenant's: forwards keep showing the original caller (R23).
    pub foreign: bool,
    /// Shown for lines without a number of their own, and instead of foreign ones where these are not let through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// An address with how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            bits: width(address),
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                (ours.to_bits() ^ theirs.to_bits()) & mask == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                (ours.to_bits() ^ theirs.to_bits()) & mask == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// The address, when it is a single one.
    pub fn single(&self) -> Option<IpAddr> {
        (self.bits == width(self.address)).then_some(self.address)
    }

    pub fn is_v4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// How many leading bits count.
    pub fn bits(&self) -> u8 {
        self.bits
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Text that is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address, or an address and its prefix length such as `192.0.2.0/24`")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| NoNetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let bits = bits.unwrap_or(width(address));
        if bits > width(address) {
            return Err(NoNetwork);
        }
        Ok(Self {
            address: masked(address, bits),
            bits,
        })
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(address) => write!(f, "{address}"),
            None => write!(f, "{}/{}", self.address, self.bits),
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_other() {
        assert!(network("192.0.2.0/24").contains("192.0.2.255".parse().unwrap()));
        assert!(!network("192.0.2.0/24").contains("192.0.3.0".parse().unwrap()));
        assert!(network("0.0.0.0/0").contains("203.0.113.9".parse().unwrap()));
        assert!(network("2001:db8::/32").contains("2001:db8:1::1".parse().unwrap()));
        assert!(network("192.0.2.7").contains("::ffff:192.0.2.7".parse().unwrap()));
        assert!(!network("::/0").contains("192.0.2.7".parse().unwrap()));
    }

    #[test]
    fn a_network_prints_as_it_is_meant() {
        assert_eq!(network("192.0.2.77/24").to_string(), "192.0.2.0/24");
        assert_eq!(network("192.0.2.77/32").to_string(), "192.0.2.77");
        assert_eq!("192.0.2.0/33".parse::<Network>(), Err(NoNetwork));
    }
}
