use super::*;

#[test]
fn a_change_at_a_stale_revision_is_refused() {
    let mut desk = Desk::new();
    let site = |name: &str, expect: Expect| {
        let Request::Put { tenant, document, .. } = put("site", json!({"id": "paris", "name": name})) else {
            panic!("a put")
        };
        Request::Put {
            tenant,
            document,
            expect,
        }
    };
    let paris = key(Kind::Site, "paris");
    assert_eq!(
        desk.ask(site("A", Expect::Present)),
        Err(Refusal::NotFound(paris.clone()))
    );
    let made = desk.ask(site("A", Expect::Absent)).unwrap();
    assert_eq!(made.changes[0].document.as_ref().unwrap().revision, 1);
    assert_eq!(
        desk.ask(site("B", Expect::Absent)),
        Err(Refusal::Exists(paris.clone()))
    );
    desk.ask(site("B", Expect::Revision(1))).unwrap();
    assert_eq!(
        desk.ask(site("C", Expect::Revision(1))),
        Err(Refusal::Stale {
            key: paris,
            expected: 1,
            actual: 2,
        })
    );
    assert_eq!(desk.acme().site("paris").unwrap().name, "B");
}

#[test]
fn one_wrong_document_keeps_the_whole_batch_out() {
    let mut desk = Desk::new();
    let batch = vec![
        put("site", json!({"id": "paris", "name": "Paris"})),
        put(
            "line",
            json!({"id": "l", "name": "L", "short-number": "112", "site": "paris"}),
        ),
        put(
            "user",
            json!({"id": "u", "first-name": "", "last-name": "B", "email": "none"}),
        ),
    ];
    let Err(Refusal::Invalid(findings)) = desk.ask(Request::Batch(batch)) else {
        panic!("refused")
    };
    let said: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}{}", finding.key, finding.path))
        .collect();
    assert_eq!(
        said,
        [
            "acme/user/u/first-name",
            "acme/user/u/email",
            "acme/line/l/short-number"
        ]
    );
    assert!(desk.acme().site("paris").is_none());
}

#[test]
fn references_inside_a_batch_go_in_any_order() {
    let mut desk = Desk::new();
    let batch = vec![
        put(
            "line",
            json!({"id": "l", "name": "L", "short-number": "201", "site": "paris", "user": "u"}),
        ),
        put(
            "user",
            json!({"id": "u", "first-name": "A", "last-name": "B", "email": "a@acme.example"}),
        ),
        put("site", json!({"id": "paris", "name": "Paris"})),
    ];
    let applied = desk.ask(Request::Batch(batch)).unwrap();
    assert_eq!(applied.changes.len(), 3);
}

#[test]
fn what_is_deleted_with_its_users_is_not_in_use() {
    let mut desk = Desk::new();
    desk.phone("201");
    let delete = |kind| Request::Delete {
        key: key(kind, "201"),
        expect: Expect::Any,
    };
    let all = vec![delete(Kind::User), delete(Kind::Device), delete(Kind::Line)];
    desk.ask(Request::Batch(all)).unwrap();
    assert!(desk.acme().device_by_username("201").is_none());
    assert!(desk.acme().find_line("201").is_none());
}

#[test]
fn pictures_taken_before_a_change_show_what_was() {
    let mut desk = Desk::new();
    desk.phone("201");
    let before = desk.directory.tenant("acme").unwrap().clone();
    desk.delete(Kind::Line, "201").unwrap();
    assert!(before.find_line("201").is_some());
    assert!(desk.acme().find_line("201").is_none());
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.delete(Kind::Line, "1"),
        Err(Refusal::NotFound(key(Kind::Line, "1")))
    );
    let password = Request::SetDevicePassword {
        tenant: "acme".into(),
        device: "none".into(),
        username: "u".into(),
        password: Secret::new("p"),
    };
    assert_eq!(
        desk.ask(password),
        Err(Refusal::NotFound(key(Kind::Device, "none")))
    );
    let view = handle(&mut desk.directory, desk.now, Request::View("none".into()));
    assert!(matches!(view, Err(Refusal::NotFound(_))));
}

#[test]
fn requests_survive_json_and_hide_passwords_from_logs() {
    let request = Request::SetDevicePassword {
        tenant: "acme".into(),
        device: "d".into(),
        username: "u".into(),
        password: Secret::new("swordfish"),
    };
    let json = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
    assert!(!format!("{request:?}").contains("swordfish"));
}
