use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base::{Moment, Random};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Expect, Store, key};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::{Caller, Role};

/// Marks our tokens, so that scanners find leaked ones.
const MARK: &str = "cordboard";
const ID_LETTERS: usize = 8;
/// 5 bits each: 160 bits, which nobody guesses, so a fast hash protects them at rest as well as a slow one.
const SECRET_LETTERS: usize = 32;
/// Tokens kept; more are refused.
const MOST: usize = 100_000;

/// What may be known of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TokenInfo {
    /// Names the token; no secret.
    pub id: String,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it is for.
    pub label: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub created_ms: u64,
    /// Absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Record {
    #[serde(flatten)]
    info: TokenInfo,
    /// SHA-256 of the secret, hexadecimal.
    hash: String,
}

/// What a new token shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub role: Role,
    pub tenant: Option<String>,
    pub user: Option<String>,
    pub label: String,
    pub expires: Option<Moment>,
}

/// All tokens. Held in memory, so that a stranger's guess costs no disk access.
pub struct Tokens {
    store: Arc<dyn Store>,
    known: RwLock<BTreeMap<String, Record>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// Reads them from the store.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn load(store: Arc<dyn Store>) -> Result<Self, store::Error> {
        let mut known = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.list("token/", after.as_deref(), usize::MAX)?;
            for document in page.documents {
                match serde_json::from_slice::<Record>(&document.value) {
                    Ok(record) => drop(known.insert(record.info.id.clone(), record)),
                    Err(error) => tracing::error!(key = document.key, %error, "a token's record is damaged"),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(Self {
                    store,
                    known: RwLock::new(known),
                });
            }
        }
    }

    /// The first operator's token, if there is no operator's yet: the only copy.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn first_operator(&self, random: &mut Random, now: Moment) -> Result<Option<String>, store::Error> {
        let exists = self.read(|known| known.values().any(|record| record.info.role == Role::Operator));
        if exists {
            return Ok(None);
        }
        let label = "first operator".to_owned();
        let new = NewToken {
            role: Role::Operator,
            tenant: None,
            user: None,
            label,
            expires: None,
        };
        self.create(new, random, now).map(|(text, _)| Some(text))
    }

    /// Makes a token. Its text cannot be had again.
    ///
    /// # Errors
    ///
    /// The store's; [`store::Error::TooLarge`] when there are too many.
    pub fn create(
        &self,
        new: NewToken,
        random: &mut Random,
        now: Moment,
    ) -> Result<(String, TokenInfo), store::Error> {
        if self.read(BTreeMap::len) >= MOST {
            return Err(store::Error::TooLarge {
                what: "the list of tokens",
                limit: MOST as u64,
            });
        }
        let (id, secret) = (random.token(ID_LETTERS), random.token(SECRET_LETTERS));
        let info = TokenInfo {
            id: id.clone(),
            role: new.role,
            tenant: new.tenant,
            user: new.user,
            label: new.label,
            created_ms: now.as_millis(),
            expires_ms: new.expires.map(Moment::as_millis),
        };
        let record = Record {
            info: info.clone(),
            hash: hex::encode(Sha256::digest(&secret)),
        };
        let json = serde_json::to_vec(&record).unwrap_or_default();
        self.store
            .put(&key::join(["token", &id]), json.into(), Expect::Absent)?;
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), record);
        Ok((format!("{MARK}_{id}_{secret}"), info))
    }

    /// Whether there was one.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn revoke(&self, id: &str) -> Result<bool, store::Error> {
        // First from memory: if the disk fails it is at least out of use until the next start.
        let known = self
            .known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id)
            .is_some();
        Ok(known && self.store.delete(&key::join(["token", id]), Expect::Any)?)
    }

    /// Revokes all that belong to a tenant, or to one user of it.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn revoke_all(&self, tenant: &str, user: Option<&str>) -> Result<(), store::Error> {
        let belongs = |info: &TokenInfo| {
            info.tenant.as_deref() == Some(tenant) && (user.is_none() || info.user.as_deref() == user)
        };
        let ids: Vec<_> = self
            .list(None, usize::MAX, belongs)
            .into_iter()
            .map(|info| info.id)
            .collect();
        ids.iter().try_for_each(|id| self.revoke(id).map(drop))
    }

    pub fn get(&self, id: &str) -> Option<TokenInfo> {
        self.read(|known| known.get(id).map(|record| record.info.clone()))
    }

    /// Those that match, in the order of their ids, beginning behind `after`.
    pub fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        matches: impl Fn(&TokenInfo) -> bool,
    ) -> Vec<TokenInfo> {
        self.read(|known| {
            let infos = known.values().map(|record| &record.info);
            let behind = infos.filter(|info| after.is_none_or(|after| info.id.as_str() > after));
            behind.filter(|info| matches(info)).take(limit).cloned().collect()
        })
    }

    /// Whose token this is; `None` for any text that is no valid token.
    pub fn authenticate(&self, text: &str, now: Moment) -> Option<Caller> {
        let (id, secret) = text.strip_prefix(MARK)?.strip_prefix('_')?.split_once('_')?;
        let hash = hex::encode(Sha256::digest(secret));
        self.read(|known| {
            let record = known.get(id)?;
            let valid = bool::from(record.hash.as_bytes().ct_eq(hash.as_bytes()));
            (valid && !record.expired(now)).then(|| record.info.caller())
        })
    }

    /// Whether a token that was valid once still is.
    pub fn is_valid(&self, id: &str, now: Moment) -> bool {
        self.read(|known| known.get(id).is_some_and(|record| !record.expired(now)))
    }

    fn read<R>(&self, look: impl FnOnce(&BTreeMap<String, Record>) -> R) -> R {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Record {
    fn expired(&self, now: Moment) -> bool {
        self.info
            .expires_ms
            .is_some_and(|expires| now.as_millis() >= expires)
    }
}

impl TokenInfo {
    fn caller(&self) -> Caller {
        Caller {
            token: self.id.as_str().into(),
            role: self.role,
            tenant: self.tenant.as_deref().map(Into::into),
            user: self.user.as_deref().map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use store::MemoryStore;

    use super::*;

    fn tokens() -> (Arc<MemoryStore>, Tokens, Random) {
        let store = Arc::new(MemoryStore::new().unwrap());
        (store.clone(), Tokens::load(store).unwrap(), Random::from_seed(1))
    }

    fn manager(tenant: &str, expires: Option<Moment>) -> NewToken {
        NewToken {
            role: Role::Manager,
            tenant: Some(tenant.to_owned()),
            user: None,
            label: String::new(),
            expires,
        }
    }

    #[test]
    fn the_first_operator_token_is_made_once() {
        let (store, tokens, mut random) = tokens();
        let text = tokens.first_operator(&mut random, Moment::ZERO).unwrap().unwrap();
        assert_eq!(
            tokens.authenticate(&text, Moment::ZERO).unwrap().role,
            Role::Operator
        );
        assert_eq!(tokens.first_operator(&mut random, Moment::ZERO).unwrap(), None);
        let restarted = Tokens::load(store).unwrap();
        assert_eq!(restarted.first_operator(&mut random, Moment::ZERO).unwrap(), None);
        assert!(restarted.authenticate(&text, Moment::ZERO).is_some());
    }

    #[test]
    fn only_the_whole_token_is_accepted() {
        let (_, tokens, mut random) = tokens();
        let (text, info) = tokens
            .create(manager("acme", None), &mut random, Moment::ZERO)
            .unwrap();
        let mut wrong = text.clone();
        let last = wrong.pop().unwrap();
        wrong.push(if last == '0' { '1' } else { '0' });
        let id_only = format!("cordboard_{}_", info.id);
        for bad in [
            wrong.as_str(),
            &text[..text.len() - 1],
            &id_only,
            &info.id,
            "",
            "cordboard__",
            "Bearer",
        ] {
            assert_eq!(tokens.authenticate(bad, Moment::ZERO), None, "{bad:?}");
        }
    }

    #[test]
    fn the_secret_is_not_stored() {
        let (store, tokens, mut random) = tokens();
        let (text, info) = tokens
            .create(manager("acme", None), &mut random, Moment::ZERO)
            .unwrap();
        let stored = store.get(&format!("token/{}", info.id)).unwrap().unwrap().value;
        let secret = text.rsplit('_').next().unwrap();
        assert!(!String::from_utf8_lossy(&stored).contains(secret));
    }

    #[test]
    fn expired_and_revoked_tokens_are_refused() {
        let (store, tokens, mut random) = tokens();
        let expires = Some(Moment::from_secs(10));
        let (text, info) = tokens
            .create(manager("acme", expires), &mut random, Moment::ZERO)
            .unwrap();
        assert!(tokens.authenticate(&text, Moment::from_millis(9_999)).is_some());
        assert!(tokens.authenticate(&text, Moment::from_secs(10)).is_none());
        assert!(tokens.revoke(&info.id).unwrap());
        assert!(!tokens.revoke(&info.id).unwrap());
        assert!(tokens.authenticate(&text, Moment::ZERO).is_none());
        assert!(
            Tokens::load(store)
                .unwrap()
                .authenticate(&text, Moment::ZERO)
                .is_none()
        );
    }

    #[test]
    fn a_tenants_tokens_go_with_it() {
        let (_, tokens, mut random) = tokens();
        let (acme, _) = tokens
            .create(manager("acme", None), &mut random, Moment::ZERO)
            .unwrap();
        let (other, _) = tokens
            .create(manager("other", None), &mut random, Moment::ZERO)
            .unwrap();
        tokens.revoke_all("acme", None).unwrap();
        assert!(tokens.authenticate(&acme, Moment::ZERO).is_none());
        assert!(tokens.authenticate(&other, Moment::ZERO).is_some());
    }
}
