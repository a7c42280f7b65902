use super::*;
use crate::directory::{Origin, Resolution};

#[test]
fn a_tenant_and_a_line_just_work() {
    let mut desk = Desk::new();
    desk.phone("201");
    let acme = desk.directory.tenant_by_domain("ACME.example.").unwrap();
    let Resolution::Inside(inside) = acme.resolve("201", Origin::Line("201"), desk.now) else {
        panic!("201 is a line");
    };
    let line = inside.line.unwrap();
    assert_eq!(acme.devices_of_line(&line), ["201".into()]);
    let device = acme.device_by_username("201").unwrap();
    let credentials = device.credentials.as_ref().unwrap();
    assert_eq!(credentials.realm, "acme.example");
    assert!(credentials.ha1_md5.is_some() && credentials.ha1_sha256.is_some());
    assert_eq!(
        acme.lines_of_device(device)
            .map(|line| line.id.to_string())
            .collect::<Vec<_>>(),
        ["201"]
    );
}

#[test]
fn creating_a_tenant_twice_is_refused() {
    let mut desk = Desk::new();
    let again = desk.ask(Request::CreateTenant(Box::new(Tenant::new(
        "acme",
        "Acme",
        "other.example",
    ))));
    assert_eq!(again, Err(Refusal::Exists(key(Kind::Tenant, "acme"))));
}

#[test]
fn a_domain_belongs_to_one_tenant_and_the_refusal_does_not_say_whose() {
    let mut desk = Desk::new();
    let other = desk.ask(Request::CreateTenant(Box::new(Tenant::new(
        "other",
        "Other",
        "acme.example",
    ))));
    assert_eq!(
        findings(other),
        ["/domains/0: `acme.example` is in use elsewhere on this exchange"]
    );
    assert!(desk.directory.tenant("other").is_none());
}

#[test]
fn everything_wrong_with_a_tenant_is_told_at_once() {
    let mut desk = Desk::new();
    let wrong = desk.wrong(
        "tenant",
        json!({
            "id": "acme", "name": " ", "domains": ["Acme.example", "-"], "country": "fr",
            "time-zone": "Europe/Lutetia", "language": "francais",
            "numbering": {"outside-prefix": "15", "internal-digits": {"min": 5, "max": 4}},
            "limits": {"calls": 0, "hops": 0}, "defaults": {"line": ["line"]},
            "interception": {"pilot": "none", "patience": 9}, "grants": {"lines": ["emergency"]},
        }),
    );
    let paths: Vec<&str> = wrong
        .iter()
        .filter_map(|finding| finding.split(':').next())
        .collect();
    for path in [
        "/name",
        "/domains/0",
        "/domains/1",
        "/country",
        "/time-zone",
        "/language",
        "/numbering/outside-prefix",
        "/numbering/internal-digits",
        "/limits/calls",
        "/limits/hops",
        "/defaults/line/0",
        "/grants/lines/0",
        "/interception/pilot",
        "/interception/trunk",
        "/interception/patience",
    ] {
        assert!(paths.contains(&path), "{path} is missing in {wrong:#?}");
    }
}

#[test]
fn the_realm_stays_because_passwords_are_hashed_with_it() {
    let mut desk = Desk::new();
    let tenant = json!({"id": "acme", "name": "Acme", "domains": ["new.example"]});
    desk.put("tenant", tenant.clone()).unwrap();
    assert_eq!(desk.acme().tenant().realm, "acme.example");
    assert!(desk.directory.tenant_by_domain("acme.example").is_none());
    assert!(desk.directory.tenant_by_domain("new.example").is_some());
    let mut renamed = tenant;
    renamed["realm"] = json!("new.example");
    assert_eq!(
        desk.wrong("tenant", renamed),
        ["/realm: must stay `acme.example`: passwords are hashed with it"]
    );
}

#[test]
fn another_outside_prefix_is_refused_while_a_short_number_starts_with_it() {
    let mut desk = Desk::new();
    desk.phone("901");
    let tenant = json!({"id": "acme", "name": "Acme", "domains": ["acme.example"], "numbering": {"outside-prefix": "9"}});
    assert_eq!(
        desk.wrong("tenant", tenant),
        ["/short-number: `901` starts with the prefix for outside lines"]
    );
}

#[test]
fn a_tenant_with_lines_is_deleted_only_when_they_are_meant() {
    let mut desk = Desk::new();
    desk.phone("201");
    let delete = |with_lines| Request::DeleteTenant {
        tenant: "acme".into(),
        expect: Expect::Any,
        with_lines,
    };
    assert_eq!(
        desk.ask(delete(false)),
        Err(Refusal::InUse {
            key: key(Kind::Tenant, "acme"),
            by: vec![key(Kind::Line, "201")],
        })
    );
    let gone = desk.ask(delete(true)).unwrap();
    // Tenant, site, dial plan, user, device, line.
    assert_eq!(gone.changes.len(), 6);
    assert!(gone.changes.iter().all(|change| change.document.is_none()));
    assert!(
        desk.directory.tenant("acme").is_none() && desk.directory.tenant_by_domain("acme.example").is_none()
    );
    desk.ask(Request::CreateTenant(Box::new(Tenant::new(
        "acme",
        "Acme",
        "acme.example",
    ))))
    .unwrap();
}

#[test]
fn an_outside_number_is_one_tenants_only() {
    let mut desk = Desk::new();
    desk.ask(Request::CreateTenant(Box::new(Tenant::new(
        "other",
        "Other",
        "other.example",
    ))))
    .unwrap();
    let line = json!({"id": "1", "name": "One", "number": "+33123456789", "site": "main"});
    desk.put("line", line.clone()).unwrap();
    let Request::Put { document, expect, .. } = put("line", line) else {
        panic!("a put")
    };
    let theirs = Request::Put {
        tenant: "other".into(),
        document,
        expect,
    };
    assert_eq!(
        findings(desk.ask(theirs.clone())),
        ["/number: `+33123456789` is in use elsewhere on this exchange"]
    );
    // Moved in one batch, it is free in time.
    let free = Request::Delete {
        key: key(Kind::Line, "1"),
        expect: Expect::Any,
    };
    desk.ask(Request::Batch(vec![theirs, free])).unwrap();
    assert_eq!(
        desk.directory
            .tenant_by_number("+33123456789")
            .unwrap()
            .id()
            .as_str(),
        "other"
    );
}

#[test]
fn what_was_persisted_can_be_put_back() {
    let mut desk = Desk::new();
    desk.phone("201");
    let stored: Vec<_> = desk.acme().documents().collect();
    let json = serde_json::to_string(&stored).unwrap();
    let (restored, orphans) = Directory::restore(serde_json::from_str::<Vec<_>>(&json).unwrap());
    assert_eq!(orphans, []);
    assert_eq!(
        restored.tenant("acme").unwrap().documents().collect::<Vec<_>>(),
        stored
    );
    assert!(
        restored
            .tenant_by_domain("acme.example")
            .unwrap()
            .device_by_username("201")
            .is_some()
    );
}
