//! Messages to behaviours: what feature codes and other behaviours can tell one, a program can too.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known;
use crate::Api;
use crate::access::Access;
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind};
use crate::extract::{Body, Of};
use crate::problem::Problem;

/// Bytes of a message: as much as behaviours send each other.
const MESSAGE: usize = 16 << 10;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::POST,
        "/v1/tenants/{tenant}/behaviours/{name}/messages",
        Access::Manager,
        send,
    )
    .about(
        "behaviours",
        "send-message",
        "Tell a behaviour's session for a number something: what it understands, its own documentation says",
    )
    .takes(Content::json::<NewMessage>())
    .gives(Content::json::<Taken>())
    .status(202)]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewMessage {
    /// Whose session: a number, or a line by its id, short number or number. It begins if there is none.
    number: String,
    /// At most 16 KiB, such as `request 202` to `call-back`.
    message: String,
}

#[derive(Serialize, ToSchema)]
struct Taken {
    /// The session that has it.
    session: u64,
}

async fn send(
    State(api): State<Api>,
    Of((tenant, behaviour)): Of<(String, String)>,
    Body(new): Body<NewMessage>,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    if new.message.len() > MESSAGE {
        return Err(Problem::invalid_field(
            "/message",
            format!("at most {MESSAGE} bytes"),
        ));
    }
    let address = Address::new(&tenant, Kind::Behaviour, &behaviour);
    let told = api.exchange.tell(tenant, behaviour, new.number, new.message);
    let session = known::about(&api, &address, told).await?;
    Ok((StatusCode::ACCEPTED, Json(Taken { session })))
}
