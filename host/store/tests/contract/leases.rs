use cordboard_store::{Error, Write};

use crate::{Place, at, bytes, every_store, secs};

every_store! {
    a_lease_excludes_others_until_it_expires
    a_renewal_keeps_the_fencing_revision
    an_expired_lease_cannot_be_renewed
    a_lost_lease_cannot_be_renewed
    a_restarted_holder_takes_its_lease_again_with_a_new_revision
    a_released_lease_is_free_at_once
    a_former_holder_cannot_write
    leases_survive_a_restart
}

const NAME: &str = "tenant/acme";

fn a_lease_excludes_others_until_it_expires(place: &mut dyn Place) {
    let store = place.store();
    let first = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    let refused = store.take_lease(NAME, "node-2", secs(15), at(114)).unwrap_err();
    assert!(
        matches!(&refused, Error::LeaseHeld { owner, until, .. } if owner == "node-1" && *until == at(115))
    );
    let second = store.take_lease(NAME, "node-2", secs(15), at(115)).unwrap();
    assert!(second.revision > first.revision);
    assert_eq!(store.lease(NAME).unwrap(), Some(second));
}

fn a_renewal_keeps_the_fencing_revision(place: &mut dyn Place) {
    let store = place.store();
    let taken = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    let renewed = store.renew_lease(&taken, secs(15), at(110)).unwrap();
    assert_eq!((renewed.revision, renewed.until), (taken.revision, at(125)));
    assert!(store.take_lease(NAME, "node-2", secs(15), at(124)).is_err());
    assert_eq!(
        store.renew_lease(&taken, secs(15), at(120)).unwrap().until,
        at(135),
        "the older copy serves too"
    );
}

fn an_expired_lease_cannot_be_renewed(place: &mut dyn Place) {
    let store = place.store();
    let taken = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    assert!(matches!(
        store.renew_lease(&taken, secs(15), at(115)),
        Err(Error::LeaseLost { .. })
    ));
}

fn a_lost_lease_cannot_be_renewed(place: &mut dyn Place) {
    let store = place.store();
    let lost = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    let held = store.take_lease(NAME, "node-2", secs(15), at(120)).unwrap();
    assert!(matches!(
        store.renew_lease(&lost, secs(15), at(121)),
        Err(Error::LeaseLost { .. })
    ));
    assert!(!store.release_lease(&lost).unwrap());
    assert_eq!(store.lease(NAME).unwrap(), Some(held));
}

fn a_restarted_holder_takes_its_lease_again_with_a_new_revision(place: &mut dyn Place) {
    let store = place.store();
    let before = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    let after = store.take_lease(NAME, "node-1", secs(15), at(101)).unwrap();
    assert!(after.revision > before.revision);
    assert!(store.renew_lease(&before, secs(15), at(102)).is_err());
}

fn a_released_lease_is_free_at_once(place: &mut dyn Place) {
    let store = place.store();
    let first = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    assert!(store.release_lease(&first).unwrap());
    assert_eq!(store.lease(NAME).unwrap(), None);
    assert!(store.renew_lease(&first, secs(15), at(100)).is_err());
    let second = store.take_lease(NAME, "node-2", secs(15), at(100)).unwrap();
    assert!(second.revision > first.revision);
}

fn a_former_holder_cannot_write(place: &mut dyn Place) {
    let store = place.store();
    let write = |value| [Write::set("session/acme/1", Some(bytes(value)))];
    let former = store.take_lease(NAME, "node-1", secs(15), at(100)).unwrap();
    store.write_batch(&write("1"), Some(&former.fence())).unwrap();
    let holder = store.take_lease(NAME, "node-2", secs(15), at(120)).unwrap();
    store.write_batch(&write("2"), Some(&holder.fence())).unwrap();
    assert!(matches!(
        store.write_batch(&write("3"), Some(&former.fence())),
        Err(Error::LeaseLost { .. })
    ));
    assert_eq!(store.get("session/acme/1").unwrap().unwrap().value, bytes("2"));
}

fn leases_survive_a_restart(place: &mut dyn Place) {
    let taken = place
        .store()
        .take_lease(NAME, "node-1", secs(15), at(100))
        .unwrap();
    place.restart();
    assert_eq!(place.store().lease(NAME).unwrap().as_ref(), Some(&taken));
    assert!(
        place
            .store()
            .take_lease(NAME, "node-2", secs(15), at(101))
            .is_err()
    );
    assert!(place.store().renew_lease(&taken, secs(15), at(101)).is_ok());
}
