use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// How far a token goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs the exchange: everything, in every tenant.
    Operator,
    /// Manages one tenant.
    Manager,
    /// One person of a tenant: what is theirs.
    User,
    /// Another exchange, which has phones of a tenant's: asks about its calls, and nothing else. Such a token is part of an address.
    Exchange,
}

/// Who makes a request, by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's public part: names it in the audit journal.
    pub token: Arc<str>,
    pub role: Role,
    /// The tenant of a manager or user.
    pub tenant: Option<Arc<str>>,
    /// The user's id.
    pub user: Option<Arc<str>>,
}

/// What an endpoint asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No token.
    Anyone,
    /// Any valid token.
    Token,
    Operator,
    /// The operator, or a manager of the tenant in the path.
    Manager,
    /// Also a user of the tenant in the path; the handler narrows it to what is theirs.
    Member,
    /// Another exchange of the tenant in the path, and nobody else: the token may be in the path, too.
    Exchange,
}

impl Access {
    /// Whether `caller` may, on an address within `tenant`.
    ///
    /// # Errors
    ///
    /// Another tenant's address answers as one that does not exist, so that nobody can find out who the other
    /// customers are.
    pub fn check(self, caller: &Caller, tenant: Option<&str>) -> Result<(), Problem> {
        let elsewhere = tenant.is_some_and(|tenant| caller.tenant.as_deref() != Some(tenant));
        match (self, caller.role) {
            // What may be in an address must not open anything else.
            (Self::Exchange, Role::Operator) => Err(Problem::forbidden("only another exchange may do this")),
            (_, Role::Operator) | (Self::Anyone | Self::Token, _) => Ok(()),
            (_, Role::Manager | Role::User | Role::Exchange) if elsewhere => {
                Err(Problem::not_found("there is no such tenant"))
            }
            (Self::Manager, Role::Manager)
            | (Self::Member, Role::Manager | Role::User)
            | (Self::Exchange, Role::Exchange) => Ok(()),
            (Self::Exchange, Role::Manager | Role::User) => {
                Err(Problem::forbidden("only another exchange may do this"))
            }
            (Self::Operator | Self::Manager | Self::Member, Role::Exchange) => {
                Err(Problem::forbidden("another exchange may only ask about calls"))
            }
            (Self::Operator, Role::Manager | Role::User) => {
                Err(Problem::forbidden("only an operator may do this"))
            }
            (Self::Manager, Role::User) => {
                Err(Problem::forbidden("only a manager of the tenant may do this"))
            }
        }
    }
}

impl Caller {
    /// The user's id if the caller is one: handlers then narrow what they give.
    pub fn as_user(&self) -> Option<&str> {
        match self.role {
            Role::Operator | Role::Manager => None,
            // A user's token always names the user; one that does not sees nothing.
            Role::User | Role::Exchange => Some(self.user.as_deref().unwrap_or_default()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    /// The guard has put it there.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}
