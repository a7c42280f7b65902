//! One question to DNS: the SRV records of a service (RFC 2782), over UDP and, when that is too small, TCP.

use std::net::SocketAddr;
use std::time::Duration;

use base::Random;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// For one server's answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub host: String,
    pub port: u16,
    pub priority: u16,
    pub weight: u16,
}

/// What an answer is worth.
enum Answer {
    /// The records and the shortest of their TTLs; empty when the name has none.
    Records(Vec<Target>, Duration),
    /// Ask again over TCP.
    Truncated,
    /// Not an answer to this question, or the server could not tell.
    Useless,
}

/// The records of `service`, from the first server that knows; none when it has none or nobody answers.
pub async fn srv(
    servers: &[SocketAddr],
    service: &str,
    random: &mut Random,
) -> Option<(Vec<Target>, Duration)> {
    for server in servers {
        let id = random.next_u32() as u16;
        let question = question(id, service)?;
        let asked = timeout(PATIENCE, over_udp(*server, &question, id)).await;
        let answer = match asked {
            Ok(Ok(Answer::Truncated)) => timeout(PATIENCE, over_tcp(*server, &question, id)).await,
            other => other,
        };
        if let Ok(Ok(Answer::Records(records, ttl))) = answer {
            return (!records.is_empty()).then_some((records, ttl));
        }
    }
    None
}

fn question(id: u16, service: &str) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(service).ok()?;
    packet
        .questions
        .push(Question::new(name, TYPE::SRV.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

async fn over_udp(server: SocketAddr, question: &[u8], id: u16) -> std::io::Result<Answer> {
    let any: SocketAddr = if server.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    // A fresh port for each question, and only that server's answers: harder to forge (RFC 5452).
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = [0; 4_096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match read(buffer.get(..length).unwrap_or_default(), id) {
            Answer::Useless => {}
            answer => return Ok(answer),
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &[u8], id: u16) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(question).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(read(&answer, id))
}

fn read(bytes: &[u8], id: u16) -> Answer {
    let Ok(packet) = Packet::parse(bytes) else {
        return Answer::Useless;
    };
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return Answer::Useless;
    }
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Answer::Records(Vec::new(), Duration::ZERO),
        _ => return Answer::Useless,
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Answer::Truncated;
    }
    let mut ttl = u32::MAX;
    let mut targets = Vec::new();
    for record in &packet.answers {
        if let RData::SRV(srv) = &record.rdata {
            let host = srv.target.to_string();
            // A lone dot: the service is decidedly not there.
            if !host.trim_matches('.').is_empty() {
                ttl = ttl.min(record.ttl);
                targets.push(Target {
                    host,
                    port: srv.port,
                    priority: srv.priority,
                    weight: srv.weight,
                });
            }
        }
    }
    Answer::Records(targets, Duration::from_secs(u64::from(ttl)))
}
