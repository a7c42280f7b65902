//! The SIP addresses: which sockets stand behind the configuration's `sip.udp` and `sip.tcp`.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use exchange::Input;

use super::core::Core;
use super::inbox::Inbox;
use super::tcp::{Tcp, TcpInput};
use crate::config::Config;

pub fn tcp_inputs(inbox: Inbox<Input>) -> impl Fn(TcpInput) + Send + Sync {
    move |input| {
        // A full inbox counts what it refuses; SIP repeats.
        let _ = inbox.send(match input {
            TcpInput::Packet(packet) => Input::Packet(packet),
            TcpInput::Closed(connection) => Input::ConnectionClosed(connection),
            TcpInput::Unreachable(path) => Input::Unreachable(path),
        });
    }
}

/// Binds every SIP address; returns what peers know them by, UDP first.
///
/// # Errors
///
/// Which address cannot be had, and the setting that names it.
pub fn listen(
    config: &Config,
    core: &mut Core,
    tcp: &Tcp,
    tokio: &tokio::runtime::Runtime,
) -> Result<Vec<SocketAddr>> {
    let advertised = |bound: SocketAddr| {
        let ip = config
            .sip
            .advertise
            .filter(|_| bound.ip().is_unspecified())
            .unwrap_or(bound.ip());
        SocketAddr::new(ip, bound.port())
    };
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    for (index, bind) in config.sip.udp.iter().enumerate() {
        let partner = config.sip.tcp.get(index).filter(|tcp| tcp.port() == 0);
        let local = match partner {
            Some(tcp) if bind.port() == 0 => {
                let (udp, listener) = listen_together(*bind, *tcp, core, &advertised, tokio)?;
                listeners.push((index, listener));
                udp
            }
            _ => core
                .listen_udp(*bind, advertised(*bind))
                .with_context(|| format!("cannot listen on udp {bind} (`sip.udp`)"))?,
        };
        addresses.push(local);
    }
    for (index, bind) in config.sip.tcp.iter().enumerate() {
        let listener = match listeners.iter().position(|(of, _)| *of == index) {
            Some(at) => listeners.swap_remove(at).1,
            None => {
                // Port 0 beside a UDP address means that address's port, as phones expect.
                let given = addresses.get(index).map_or(0, SocketAddr::port);
                let bind = SocketAddr::new(bind.ip(), if bind.port() == 0 { given } else { bind.port() });
                tokio
                    .block_on(tokio::net::TcpListener::bind(bind))
                    .with_context(|| format!("cannot listen on tcp {bind} (`sip.tcp`)"))?
            }
        };
        let local = advertised(listener.local_addr()?);
        addresses.push(local);
        tokio.spawn(tcp.clone().listen(listener, local));
    }
    addresses.dedup();
    Ok(addresses)
}

/// Two sockets on the same port, which the system chooses. It knows only what is free over one transport, so that the
/// other may be taken: then it is asked again.
fn listen_together(
    udp: SocketAddr,
    tcp: SocketAddr,
    core: &mut Core,
    advertised: &impl Fn(SocketAddr) -> SocketAddr,
    tokio: &tokio::runtime::Runtime,
) -> Result<(SocketAddr, tokio::net::TcpListener)> {
    const TRIES: usize = 32;
    for left in (0..TRIES).rev() {
        let listener = tokio
            .block_on(tokio::net::TcpListener::bind(tcp))
            .with_context(|| format!("cannot listen on tcp {tcp} (`sip.tcp`)"))?;
        let bind = SocketAddr::new(udp.ip(), listener.local_addr()?.port());
        match core.listen_udp(bind, advertised(bind)) {
            Ok(local) => return Ok((local, listener)),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && left > 0 => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on udp {bind} (`sip.udp`)"));
            }
        }
    }
    bail!("no port is free over both udp {udp} and tcp {tcp} (`sip.udp`, `sip.tcp`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening_to(udp: &str, tcp: &str) -> Result<Vec<SocketAddr>> {
        let mut config = Config::default();
        config.sip.udp = vec![udp.parse()?];
        config.sip.tcp = vec![tcp.parse()?];
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (mut core, _inbox) = Core::new()?;
        let tcp = Tcp::new(tokio.handle().clone(), |_| ());
        listen(&config, &mut core, &tcp, &tokio)
    }

    #[test]
    fn a_port_that_the_system_chooses_is_the_same_over_both_transports() {
        for _ in 0..20 {
            let addresses = listening_to("127.0.0.1:0", "127.0.0.1:0").unwrap();
            assert!(
                matches!(addresses.as_slice(), [both] if both.port() != 0),
                "{addresses:?}"
            );
        }
    }

    #[test]
    fn a_tcp_port_of_the_systems_choice_beside_a_chosen_udp_port_is_that_one() {
        let port = client::ports::free(1).unwrap();
        let addresses = listening_to(&format!("127.0.0.1:{port}"), "127.0.0.1:0").unwrap();
        assert_eq!(addresses, [SocketAddr::from(([127, 0, 0, 1], port))]);
    }

    #[test]
    fn an_address_that_is_taken_is_named_with_its_setting() {
        let port = client::ports::free(1).unwrap();
        let address = format!("127.0.0.1:{port}");
        let _held = std::net::TcpListener::bind(&address).unwrap();
        let error = listening_to(&address, &address).unwrap_err().to_string();
        assert_eq!(error, format!("cannot listen on tcp {address} (`sip.tcp`)"));
    }
}
