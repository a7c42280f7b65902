use base::Moment;

use super::{Commit, damaged};
use crate::backend::{Table, View};
use crate::{Error, Fence, Lease, Revision, key};

pub(super) fn find(view: &mut dyn View, name: &str) -> Result<Option<Lease>, Error> {
    match view.get(Table::Leases, name.as_bytes())? {
        Some(record) => postcard::from_bytes(&record).map(Some).map_err(|_| damaged(name)),
        None => Ok(None),
    }
}

impl Commit<'_> {
    pub fn take_lease(
        &mut self,
        name: &str,
        owner: &str,
        until: Moment,
        now: Moment,
    ) -> Result<Lease, Error> {
        key::check("lease", name)?;
        key::check("owner", owner)?;
        if let Some(held) = find(self.transaction, name)?
            && held.owner != owner
            && !held.expired(now)
        {
            return Err(Error::LeaseHeld {
                name: held.name,
                owner: held.owner,
                until: held.until,
            });
        }
        self.put_lease(Lease {
            name: name.to_owned(),
            owner: owner.to_owned(),
            revision: self.revision,
            until,
        })
    }

    pub fn renew_lease(&mut self, lease: &Lease, until: Moment, now: Moment) -> Result<Lease, Error> {
        match self.held(&lease.name, lease.revision)? {
            Some(held) if !held.expired(now) => self.put_lease(Lease { until, ..held }),
            _ => Err(Error::LeaseLost {
                name: lease.name.clone(),
            }),
        }
    }

    pub fn release_lease(&mut self, lease: &Lease) -> Result<bool, Error> {
        if self.held(&lease.name, lease.revision)?.is_none() {
            return Ok(false);
        }
        self.transaction.delete(Table::Leases, lease.name.as_bytes())
    }

    /// Expiry is not looked at: a lease that nobody took since still orders its holder's writes before a successor's.
    pub fn check_fence(&mut self, fence: &Fence) -> Result<(), Error> {
        match self.held(&fence.name, fence.revision)? {
            Some(_) => Ok(()),
            None => Err(Error::LeaseLost {
                name: fence.name.clone(),
            }),
        }
    }

    fn held(&mut self, name: &str, revision: Revision) -> Result<Option<Lease>, Error> {
        key::check("lease", name)?;
        Ok(find(self.transaction, name)?.filter(|held| held.revision == revision))
    }

    fn put_lease(&mut self, lease: Lease) -> Result<Lease, Error> {
        let record = postcard::to_stdvec(&lease).map_err(|_| damaged(&lease.name))?;
        self.transaction
            .put(Table::Leases, lease.name.as_bytes(), &record)?;
        Ok(lease)
    }
}
